import ArgumentParser
import Catalog

/// Says what of folders is indexed; shared by the commands that walk them.
struct RuleOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Pass over what this pattern names, written as in .gitignore; may be given again.",
            valueName: "pattern"
        )
    )
    var exclude: [String] = []

    @Option(
        help: ArgumentHelp(
            "Look at what this pattern names, though it be hidden, excluded, or not named like a picture.",
            valueName: "pattern"
        )
    )
    var include: [String] = []

    @Flag(help: "Forget the patterns that were given for these folders before.")
    var forgetRules = false

    /// The rules that hold for a folder: those given now, or those it had.
    func rules(remembered: FileRules?) -> FileRules {
        let given = FileRules(excludes: exclude, includes: include)
        return given == FileRules() && !forgetRules ? remembered ?? given : given
    }
}
