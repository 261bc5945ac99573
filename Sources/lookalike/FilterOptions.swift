import ArgumentParser
import Catalog
import Foundation
import SystemPackage

/// Says which pictures may be found; shared by the commands that look for some of them.
struct FilterOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Only pictures in this folder or below.", valueName: "folder"),
        completion: .directory
    )
    var folder: String?

    @Option(help: ArgumentHelp("Only files with a name like this, such as '*beach*'.", valueName: "pattern"))
    var name: String?

    @Option(
        help: ArgumentHelp(
            "Only pictures of this format, such as jpeg; may be repeated.",
            valueName: "format"
        )
    )
    var format: [String] = []

    @Option(
        help: ArgumentHelp(
            "Only pictures this wide: 1000, 1000-, -500 or 500-1000 pixels.",
            valueName: "range"
        )
    )
    var width: String?

    @Option(help: ArgumentHelp("Only pictures this high.", valueName: "range"))
    var height: String?

    @Option(
        help: ArgumentHelp(
            "Only pictures taken then or later: 2024, 2024-05 or 2024-05-01.",
            valueName: "date"
        )
    )
    var takenAfter: String?

    @Option(help: ArgumentHelp("Only pictures taken then or earlier.", valueName: "date"))
    var takenBefore: String?

    @Option(help: ArgumentHelp("Only pictures added then or later: 2024-05-01.", valueName: "date"))
    var addedAfter: String?

    @Option(help: ArgumentHelp("Only pictures added before that day.", valueName: "date"))
    var addedBefore: String?

    @Option(help: ArgumentHelp("Only pictures of a camera whose name has this in it.", valueName: "text"))
    var camera: String?

    @Option(help: ArgumentHelp("Only pictures with this tag; repeated, with all of them.", valueName: "tag"))
    var tag: [String] = []

    @Option(help: ArgumentHelp("Only pictures with one of these tags.", valueName: "tag"))
    var anyTag: [String] = []

    @Option(help: ArgumentHelp("No pictures with this tag.", valueName: "tag"))
    var notTag: [String] = []

    @Option(
        help: ArgumentHelp("Pictures whose files are present, missing, or any.", valueName: "status"),
        transform: { text in
            guard let status = ImageFilter.Status(rawValue: text) else {
                throw ValidationError("--status is present, missing or any")
            }
            return status
        }
    )
    var status = ImageFilter.Status.present

    @Option(
        help: ArgumentHelp(
            "Pictures that are listed, private or blocked, instead of listed ones; may be repeated.",
            valueName: "visibility"
        ),
        transform: { text in
            guard let visibility = Visibility(name: text) else {
                throw ValidationError("--visibility is listed, private or blocked")
            }
            return visibility
        }
    )
    var visibility: [Visibility] = []

    /// Who asks: whoever wants hidden pictures by name is their keeper.
    var audience: Audience { visibility.isEmpty ? .everyone : .administrators }

    func validate() throws {
        _ = try filter()
    }

    /// The filter that the options describe.
    func filter() throws -> ImageFilter {
        var filter = ImageFilter()
        filter.folder = folder.map { FilePath($0).madeAbsolute }
        filter.name = name
        filter.formats = format
        if let width { filter.widths = try Self.range(width, "--width") }
        if let height { filter.heights = try Self.range(height, "--height") }
        filter.takenAfter = try Self.clock(takenAfter, "--taken-after")
        filter.takenBefore = try Self.clock(takenBefore, "--taken-before")
        filter.addedAfter = try Self.date(addedAfter, "--added-after")
        filter.addedBefore = try Self.date(addedBefore, "--added-before")
        filter.camera = camera
        (filter.tags, filter.anyTags, filter.notTags) = (tag, anyTag, notTag)
        filter.status = status
        filter.visibilities = visibility
        return filter
    }

    private static func range(_ text: String, _ option: String) throws -> ClosedRange<Int> {
        let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let numbers = parts.map { $0.isEmpty ? nil : Int($0) }
        let wellFormed =
            zip(parts, numbers).allSatisfy { $0.isEmpty || $1 != nil } && text != "-" && !text.isEmpty
        let low = numbers.first.flatMap { $0 } ?? 0
        let high = parts.count == 1 ? low : numbers[1] ?? .max
        guard wellFormed, low <= high else {
            throw ValidationError(
                "\(option) is a number of pixels or a range such as 500-1000, 500- or -1000."
            )
        }
        return low...high
    }

    /// A prefix of `2024-05-01T17:31:09`.
    private static func clock(_ text: String?, _ option: String) throws -> String? {
        guard let text else { return nil }
        guard text.wholeMatch(of: /\d{4}(-\d\d(-\d\d(T\d\d(:\d\d(:\d\d)?)?)?)?)?/) != nil else {
            throw ValidationError("\(option) is a date such as 2024, 2024-05 or 2024-05-01.")
        }
        return text
    }

    private static func date(_ text: String?, _ option: String) throws -> Date? {
        guard let text else { return nil }
        guard let date = try? Date(text, strategy: .iso8601.year().month().day()) else {
            throw ValidationError("\(option) is a day such as 2024-05-01.")
        }
        return date
    }
}
