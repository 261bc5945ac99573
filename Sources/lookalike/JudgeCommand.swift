import ArgumentParser
import Catalog
import Evaluation
import Foundation
import ImageLibrary
import SystemPackage

/// `lookalike judge`: asks a person how alike pictures are.
struct JudgeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "judge",
        abstract: "Say how alike pictures are, and keep it for lookalike evaluate --judged.",
        discussion: """
              lookalike judge                        # names pairs of files; type 0 to 5
              lookalike judge --export grades.csv    # what was said so far

            The page of lookalike serve shows the pictures themselves, at /judge. Grades: 5 the same thing, 4 very \
            much alike, 3 alike, 2 a little, 1 hardly, 0 unrelated. Each grade is kept at once; break off \
            whenever you like: a query that was begun comes back first. Then comes the one where judgements would teach \
            most.
            """
    )

    @Option(
        help: ArgumentHelp(
            "Write the grades as a table query,image,grade and ask nothing.",
            valueName: "csv"
        ),
        completion: .file(extensions: ["csv"])
    )
    var export: String?

    @OptionGroup var library: LibraryOptions
    @OptionGroup var model: ModelOptions

    func run() throws {
        if let export { return try write(to: export) }
        let model = try model.load(for: library)
        let library = try Library(library, model: model, access: .reading)
        let desk = JudgingDesk(library: library)
        var skipped: Set<Int64> = []
        writeLine("0 unrelated … 5 the same; s: another query, q: enough")
        while let task = try desk.next(skipping: skipped) {
            guard try judge(task, library, desk, &skipped) else { return try sayProgress(desk) }
        }
        writeLine("There is nothing left to be judged.")
        try sayProgress(desk)
    }

    /// Asks about one query's candidates; false when the judge has had enough.
    private func judge(
        _ task: JudgingDesk.Task,
        _ library: Library,
        _ desk: JudgingDesk,
        _ skipped: inout Set<Int64>
    ) throws -> Bool {
        writeLine("\nquery: \(try path(of: task.query, library))")
        for image in task.candidates {
            writeLine("       \(try path(of: image, library))")
            while true {
                OutputStream.standardOutput.write(Data("grade: ".utf8))
                guard let answer = readLine()?.trimmingCharacters(in: .whitespaces), answer != "q" else {
                    return false
                }
                if answer == "s" {
                    skipped.insert(task.query)
                    return true
                }
                if let grade = Int(answer), (0...GradedRanking.bestGrade).contains(grade) {
                    _ = try desk.judge(image, grade: grade, for: task.query)
                    break
                }
                writeLine("0 to 5, s or q, please")
            }
        }
        return true
    }

    private func path(of image: Int64, _ library: Library) throws -> String {
        let location = try library.catalog.image(image)?.locations.first { $0.missingSince == nil }
        return displayed(location?.path.string ?? "image \(image)")
    }

    private func sayProgress(_ desk: JudgingDesk) throws {
        let progress = try desk.progress()
        writeLine(
            "\(counted(progress.judgements, "grade")) for \(counted(progress.queries, "query", "queries")) kept"
        )
    }

    private func write(to file: String) throws {
        var judgements = try GroundTruth.judgements(in: library.directory)
        let unwritable = Set(judgements.flatMap { [$0.query, $0.image] }.filter { !$0.isText })
        for path in unwritable.map(Porcelain.escaped).sorted() {
            writeLine(
                "left out: \(path): the name is not UTF-8, which a table cannot hold; rename the file and index it again",
                to: .standardError
            )
        }
        judgements.removeAll { unwritable.contains($0.query) || unwritable.contains($0.image) }
        func quoted(_ text: String) -> String {
            "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
        }
        let lines = judgements.map { "\(quoted($0.query.string)),\(quoted($0.image.string)),\($0.grade)\n" }
        let table = Data(("query,image,grade\n" + lines.joined()).utf8)
        if file == "-" {
            OutputStream.standardOutput.write(table)
        } else {
            try table.write(to: URL(filePath: FilePath(file).madeAbsolute.string), options: .atomic)
            writeLine("\(counted(judgements.count, "grade")) written to \(displayed(file))")
        }
    }
}

extension FilePath {
    /// Whether the path is UTF-8: written as text and read again, it names the same file.
    fileprivate var isText: Bool { FilePath(string) == self }
}
