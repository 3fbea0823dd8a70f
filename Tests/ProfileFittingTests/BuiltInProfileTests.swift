import Foundation
import NetworkProfiles
import PhiAccrual
import Testing

@testable import ProfileFitting

@Suite struct `A built-in profile` {
    private static let folder =
        ProcessInfo.processInfo.environment["PHI_TRACES"]
        ?? URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path + "/../shared/traces"

    /// The tables are valid only while the detector counts lateness as it did when they were fitted. If that changes,
    /// fit all profiles again. The test tolerates one heartbeat in twenty in another bucket.
    @Test(
        .enabled(
            if: FileManager.default.fileExists(atPath: folder),
            "no recordings beside the package, nor in the folder that PHI_TRACES names"),
        arguments: NetworkProfile.builtInNames)
    func `matches a new fit of its recordings`(name: String) throws {
        let profile = try #require(try NetworkProfile.builtIn(name))
        let fitted = try #require(profile.provenance).map { source in
            try FittedTrace(path: Self.folder + "/" + source.trace, origin: source.origin)
        }
        #expect(fitted.map(\.source) == profile.provenance)
        let now = try #require(ProfileFit.mixed(fitted)).tables
        for (family, states) in profile.lateness.tables {
            let difference = zip(states, now[family] ?? []).reduce(0) { $0 + Self.difference($1.0, $1.1) }
            #expect(difference < LatenessProfile.heartbeats / 20, "\(family)")
        }
    }

    /// The number of heartbeats that are in another bucket.
    private static func difference(_ one: [Int], _ other: [Int]) -> Int {
        (0..<max(one.count, other.count)).reduce(0) { sum, bucket in
            sum + abs((bucket < one.count ? one[bucket] : 0) - (bucket < other.count ? other[bucket] : 0))
        } / 2
    }
}
