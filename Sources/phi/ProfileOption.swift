import ArgumentParser
import NetworkProfiles
import PhiAccrual
import ProfileFitting

/// The value of `--profile`: a built-in profile, or a file from `phi fit`.
enum ProfileOption: Hashable, Sendable {
    case builtIn(String)
    case file(String)

    /// A value with a dot or a slash is a file path. Built-in names contain neither.
    init(parsing text: String) throws {
        if text.contains(where: { $0 == "." || $0 == "/" }) {
            self = .file(text)
        } else if NetworkProfile.builtInNames.contains(text) {
            self = .builtIn(text)
        } else {
            throw ValidationError(
                "unknown profile \"\(text)\": expected one of \(Self.names), or the path of a file from 'phi fit', with a "
                    + "dot or a slash")
        }
    }

    static var names: String { NetworkProfile.builtInNames.joined(separator: ", ") }
    static var help: ArgumentHelp {
        "Profile for nodes that Phi knows little about: \(names), or a file from 'phi fit'; adaptive only."
    }

    /// Bytes. A profile with many traces has some kilobytes.
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
    /// The same detector with a profile as the initial state of its groups.
    func lending(_ profile: NetworkProfile) throws -> DetectorSpec {
        try requireProfileSupport()
        return .adaptive(.init(profile: profile.lateness))
    }

    /// - Throws: If the detector cannot use a profile.
    func requireProfileSupport() throws {
        guard isAdaptive else {
            throw ValidationError(
                "--profile needs the detector 'adaptive': '\(self)' does not use profiles")
        }
    }
}
