import ArgumentParser
import Configuration
import Foundation
import NetworkProfiles
import PhiAccrual
import ProfileFitting

/// The settings of `phi detect`. Options override the environment, and both override the configuration file.
///
/// The argument parser needs a literal declaration of each option. The rest is declared in `ConfigurationKey.all`.
struct ServiceOptions: ParsableArguments {
    @Option(help: "Configuration file (docs/configuration.md); can also be set with the variable PHI_CONFIG.")
    var config: String?
    @Option(help: .declared("--heartbeats")) var heartbeats: [String] = []
    @Option(help: .declared("--connect")) var connect: [String] = []
    @Option(help: .declared("--shard")) var shard: String?
    @Option(help: .declared("--events")) var events: [String] = []
    @Option(help: .declared("--control")) var control: [String] = []
    @Option(help: .declared("--level")) var level: [String] = []
    @Option(help: .declared("--group-level")) var groupLevel: [String] = []
    @Option(help: .declared("--detector")) var detector: String?
    @Option(help: .declared("--profile", "Built in: \(ProfileOption.names).")) var profile: String?
    @Option(help: .declared("--expect")) var expect: [String] = []
    @Option(help: .declared("--join-within")) var joinWithin: String?
    @Option(help: .declared("--retention")) var retention: String?
    @Option(help: .declared("--hold")) var hold: String?
    @Option(help: .declared("--max-nodes")) var maxNodes: String?
    @Option(help: .declared("--http")) var http: String?
    @Option(help: .declared("--state")) var state: String?
    @Option(help: .declared("--record")) var record: String?
    @Option(help: .declared("--log")) var log: String?

    func validate() throws {
        let optionSettings = try Parsing.explained { try self.optionSettings }
        try Parsing.explained { try ConfigurationSources.check(optionSettings) }
        if let profile { _ = try ProfileOption(parsing: profile) }
        if profile != nil, let detector { try DetectorSpec(parsing: detector).requireProfileSupport() }
    }

    /// The settings that the options above make, found by the names of their properties.
    private var optionSettings: [OptionSetting] {
        get throws {
            let properties = Mirror(reflecting: self).children.compactMap {
                child -> (name: String, values: [String])? in
                guard let label = child.label else { return nil }
                switch child.value {
                case let option as Option<String?>: return (label, option.wrappedValue.map { [$0] } ?? [])
                case let option as Option<[String]>: return (label, option.wrappedValue)
                default: return nil
                }
            }
            let values = Dictionary(uniqueKeysWithValues: properties.map { ($0.name, $0.values) })
            return try ConfigurationOption.all.flatMap { try $0.settings(values[$0.propertyLabel] ?? []) }
        }
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

extension ConfigurationOption {
    /// The stored property behind `@Option var maxNodes`, for `--max-nodes`.
    fileprivate var propertyLabel: String {
        let words = name.dropFirst(2).split(separator: "-")
        return "_" + (words.prefix(1) + words.dropFirst().map { $0.capitalized[...] }).joined()
    }
}

extension ArgumentHelp {
    /// The help text in the declaration of a configuration key's option.
    fileprivate static func declared(_ name: String, _ addition: String? = nil) -> ArgumentHelp {
        guard let option = ConfigurationOption.all.first(where: { $0.name == name }) else {
            preconditionFailure("no configuration key declares \(name)")
        }
        return "\([option.help, addition].compactMap(\.self).joined(separator: " "))"
    }
}
