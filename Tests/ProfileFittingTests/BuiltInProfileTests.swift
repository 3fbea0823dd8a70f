import Foundation
import NetworkProfiles
import PhiAccrual
import Testing

@testable import ProfileFitting

@Suite struct `A profile that comes with the program` {
    private static let folder =
        ProcessInfo.processInfo.environment["PHI_TRACES"]
        ?? URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path + "/../shared/traces"

    /// Tables of lateness mean nothing to a detector that counts it otherwise: then all must be fitted anew.
    @Test(
        .enabled(
            if: FileManager.default.fileExists(atPath: folder),
            "no recordings beside the package, nor in the folder that PHI_TRACES names"),
        arguments: NetworkProfile.builtInNames)
    func `is what its recordings show`(name: String) throws {
        let profile = try #require(try NetworkProfile.builtIn(name))
        let fitted = try #require(profile.provenance).map { source in
            try FittedTrace(path: Self.folder + "/" + source.trace, origin: source.origin)
        }
        #expect(fitted.map(\.source) == profile.provenance)
        #expect(ProfileFit.mixed(fitted) == profile.lateness)
    }
}
