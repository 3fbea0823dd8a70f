import ArgumentParser
import NetworkProfiles
import PhiAccrual
import ProfileFitting

/// What `--profile` names: a profile that comes with the program, or a file of `phi fit`.
enum ProfileOption: Hashable, Sendable {
    case builtIn(String)
    case file(String)

    /// A file is told by a dot or a slash, which no name has.
    init(parsing text: String) throws {
        if text.contains(where: { $0 == "." || $0 == "/" }) {
            self = .file(text)
        } else if NetworkProfile.builtInNames.contains(text) {
            self = .builtIn(text)
        } else {
            throw ValidationError(
                "no profile is called \"\(text)\": known are \(Self.names), and files of 'phi fit', with a dot or "
                    + "a slash in their path")
        }
    }

    private static var names: String { NetworkProfile.builtInNames.joined(separator: ", ") }
    static var help: ArgumentHelp {
        "What nodes are taken for until they have shown themselves: \(names), or a file of 'phi fit'; adaptive only."
    }

    /// A profile with many traces has some kilobytes.
    private static let maxFileSize = 1 << 20

    func load() throws -> NetworkProfile {
        switch self {
        case .builtIn(let name):
            guard let profile = try NetworkProfile.builtIn(name) else { preconditionFailure("\(name) was listed") }
            return profile
        case .file(let path):
            let json = try InputFile.contents(ofFile: path, upTo: Self.maxFileSize)
            do { return try NetworkProfile(json: json) } catch { throw UnusableProfile(path: path, reason: error) }
        }
    }

    private struct UnusableProfile: Error, CustomStringConvertible {
        var path: String
        var reason: InvalidNetworkProfile
        var description: String { "\(path): \(reason)" }
    }
}

extension DetectorSpec {
    /// The same detector, whose groups begin with a profile.
    func lending(_ profile: NetworkProfile) throws -> DetectorSpec {
        try requireLender()
        return .adaptive(.init(profile: profile.lateness))
    }

    /// - Throws: If it is a detector that lends nothing to its nodes.
    func requireLender() throws {
        guard case .adaptive = self else {
            throw ValidationError(
                "--profile is for the detector 'adaptive': '\(self)' goes by nothing but the node itself")
        }
    }
}
