import ArgumentParser
import Configuration
import Foundation
import NetworkProfiles
import PhiAccrual
import ProfileFitting

/// The settings of `phi detect`. Options override the environment, and both override the configuration file.
struct ServiceOptions: ParsableArguments {
    @Option(help: "Configuration file (docs/configuration.md); the environment's PHI_CONFIG names one as well.")
    var config: String?
    @Option(help: "Endpoint to bind for nodes that connect (repeatable; default tcp://127.0.0.1:7710).")
    var heartbeats: [String] = []
    @Option(help: "Endpoint of nodes that bind, to connect to (repeatable).")
    var connect: [String] = []
    @Option(help: "Watch one of several equal shares of all nodes, such as 2/4 (default 1/1: all of them).")
    var shard: String?
    @Option(help: "Endpoint to bind for events (repeatable; default tcp://127.0.0.1:7711).")
    var events: [String] = []
    @Option(help: "Endpoint to bind for requests (repeatable; default tcp://127.0.0.1:7712).")
    var control: [String] = []
    @Option(
        help: """
            Level and its policy (repeatable, from least certain to most; default suspect=mistakes=1/1d and \
            evict=mistakes=1/365d, or suspect=phi=8 for classical detectors).
            """)
    var level: [String] = []
    @Option(help: "GROUP/LEVEL=POLICY: another policy for the nodes of one group (repeatable).")
    var groupLevel: [String] = []
    @Option(
        help:
            "How arrivals are judged: 'adaptive' (default), or a classical detector, such as 'normal' or 'akka,threshold=12'."
    )
    var detector: String?
    @Option(help: ProfileOption.help)
    var profile: String?
    @Option(help: "GROUP/NODE that should be heard (repeatable).")
    var expect: [String] = []
    @Option(help: "How long an expected node may take to be heard first (default 60s).")
    var joinWithin: String?
    @Option(help: "After which silence a node is forgotten (default 24h).")
    var retention: String?
    @Option(
        help: "Share of a group that must fall silent together for its silence to be doubted, or 'off' (default 0.5).")
    var hold: String?
    @Option(help: "Nodes kept at most (default 1000000).")
    var maxNodes: String?
    @Option(help: "Serve HTTP on HOST:PORT; only 'off' so far.")
    var http: String?
    @Option(help: "Folder to remember state in, or 'none' (default).")
    var state: String?
    @Option(help: "Folder to record in what the detector is told, or 'off' (default).")
    var record: String?
    @Option(help: "How the log is written to standard error: logfmt (default) or json.")
    var log: String?

    func validate() throws {
        try Parsing.explained { try ConfigurationSources.check(optionSettings) }
        if let profile { _ = try ProfileOption(parsing: profile) }
        if profile != nil, let detector { try DetectorSpec(parsing: detector).requireProfileSupport() }
    }

    private var optionSettings: [OptionSetting] {
        get throws {
            let lists = [("heartbeats", heartbeats), ("connect", connect), ("events", events), ("control", control)]
            let texts = [
                ("shard", shard), ("detector", detector), ("profile", profile), ("join_within", joinWithin),
                ("retention", retention),
                ("hold", hold), ("http", http), ("state", state), ("record", record), ("log", log),
            ]
            var optionSettings = lists.filter { !$1.isEmpty }.map { OptionSetting("--\($0)", $0, list: $1) }
            optionSettings += texts.compactMap { key, text in
                text.map { OptionSetting("--\(key.replacing("_", with: "-"))", key, text: $0) }
            }
            if let maxNodes { optionSettings.append(OptionSetting("--max-nodes", "limits", "nodes", text: maxNodes)) }
            if !level.isEmpty { optionSettings.append(OptionSetting("--level", "levels", list: level)) }
            for text in groupLevel {
                let (group, level) = try split(text, "--group-level", expected: "edge/suspect=mistakes=1/7d")
                optionSettings.append(OptionSetting("--group-level", "groups", group, "levels", list: [level]))
            }
            for text in expect {
                let (group, node) = try split(text, "--expect", expected: "edge/edge-1")
                optionSettings.append(OptionSetting("--expect", "groups", group, "expect", list: [node]))
            }
            return optionSettings
        }
    }

    /// Splits the text at the first '/', which no name contains.
    private func split(_ text: String, _ option: String, expected: String) throws -> (String, String) {
        guard let slash = text.firstIndex(of: "/") else {
            throw ValidationError("\(option) \"\(text)\" names no group: write for example '\(option) \(expected)'")
        }
        return (String(text[..<slash]), String(text[text.index(after: slash)...]))
    }

    /// Reads the options, the environment, and the configuration file as they are now.
    /// - Throws: `InvalidConfiguration`, or the error that occurred when the file was read.
    func read() throws -> EffectiveConfiguration {
        let environment = ProcessInfo.processInfo.environment
        let path = config ?? environment[ConfigurationSources.fileVariable].flatMap { $0.isEmpty ? nil : $0 }
        let file = try path.map {
            (name: $0, contents: try InputFile.contents(ofFile: $0, upTo: ConfigurationSources.maxFileSize))
        }
        return try ConfigurationSources(file: file, environment: environment, options: optionSettings).read { name in
            try ProfileOption(parsing: name).load().lateness
        }
    }
}
