import PhiAccrual

@testable import Configuration

/// Reads a configuration from the text of a file, environment variables, and command-line options.
func read(
    _ file: String? = nil, environment: [String: String] = [:], options: [OptionSetting] = [],
    lateness: (String) throws -> LatenessProfile = { throw NoProfile(name: $0) }
) throws(InvalidConfiguration) -> EffectiveConfiguration {
    try ConfigurationSources(
        file: file.map { ("phi.yaml", Array($0.utf8)) }, environment: environment, options: options
    ).read(lateness: lateness)
}

/// The problems of a configuration, one line each; empty if it is valid.
func problems(
    _ file: String? = nil, environment: [String: String] = [:], options: [OptionSetting] = []
) -> [String] {
    do throws(InvalidConfiguration) {
        _ = try read(file, environment: environment, options: options)
        return []
    } catch { return error.problems.map(\.description) }
}

struct NoProfile: Error, CustomStringConvertible {
    let name: String
    var description: String { "no profile is called \"\(name)\"" }
}

extension PolicyTable {
    /// The effective policy of a node at a level, with its origin: `phi=8 (file)`.
    func said(_ level: Int = 0, of node: String = "lab/other") -> String {
        let parts = node.split(separator: "/").map(String.init)
        let effectivePolicy = effectivePolicy(try? NodeIdentity(group: parts[0], name: parts[1]), level: level)
        return "\(effectivePolicy.policy) (\(effectivePolicy.origin))"
    }
}

extension LatenessProfile {
    /// A minimal valid profile: in each family, all heartbeats are in the first bucket of the first state.
    static func bare() throws -> LatenessProfile {
        let tables = [
            "last": [[100_000]], "schedule": [[100_000], [], []], "bursts": [[100_000], [], [], [], [], []],
        ]
        return try LatenessProfile(tables: tables, deviation: 0)
    }
}
