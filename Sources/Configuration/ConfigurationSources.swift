import PhiAccrual

/// The sources of a configuration: a file, environment variables, and options. Each overrides the ones before it.
public struct ConfigurationSources: Sendable {
    /// Name and content of the file; nil without a file.
    public var file: (name: String, contents: [UInt8])?
    public var environment: [String: String] = [:]
    public var options: [OptionSetting] = []

    /// Maximum size of a file in bytes. The names of tens of thousands of nodes fit.
    public static let maxFileSize = 1 << 20
    /// The environment variable that names the file.
    public static let fileVariable = "PHI_CONFIG"
    /// `PHI_` variables that are not keys of the configuration. The last two are for this project's own tools.
    fileprivate static let otherVariables = [fileVariable, "PHI_PYTHON", "PHI_WARNINGS_AS_ERRORS"]

    public init(
        file: (name: String, contents: [UInt8])? = nil, environment: [String: String] = [:],
        options: [OptionSetting] = []
    ) {
        (self.file, self.environment, self.options) = (file, environment, options)
    }

    /// Parses all sources and checks that they are consistent.
    ///
    /// - Parameter lateness: Returns the profile with the given name or path.
    /// - Throws: All problems, not only the first.
    public func read(
        lateness: (String) throws -> LatenessProfile
    ) throws(InvalidConfiguration) -> EffectiveConfiguration {
        var builder = ConfigurationBuilder()
        if let file { builder.parse(file.contents, named: file.name) }
        let warnings = builder.parse(environment: environment)
        for option in options { builder.parse(option.written) }
        builder.finish(lateness: lateness)
        guard builder.problems.isEmpty else { throw InvalidConfiguration(builder.problems) }
        return EffectiveConfiguration(builder, warnings: warnings)
    }

    /// Checks the options alone, each by itself.
    public static func check(_ options: [OptionSetting]) throws(InvalidConfiguration) {
        var builder = ConfigurationBuilder()
        for option in options { builder.parse(option.written) }
        guard builder.problems.isEmpty else { throw InvalidConfiguration(builder.problems) }
    }
}

extension ConfigurationBuilder {
    fileprivate mutating func parse(_ contents: [UInt8], named name: String) {
        let first = SourceLocation.line(1, of: name)
        guard contents.count <= ConfigurationSources.maxFileSize else {
            return report(first, "the file is larger than \(ConfigurationSources.maxFileSize) bytes")
        }
        guard let text = String(validating: contents, as: UTF8.self) else {
            return report(first, "the file is not valid UTF-8")
        }
        do throws(UnreadableYAML) {
            parse(try RawValue(yaml: text) { .line($0, of: name) })
        } catch { problems.append(error.problem) }
    }

    /// Parses each variable as the value of its key in a file. Ignores empty variables.
    ///
    /// - Returns: A sentence for each unknown variable that starts with `PHI_`.
    fileprivate mutating func parse(environment: [String: String]) -> [String] {
        let keys = ConfigurationKey.all.reduce(into: [String: ConfigurationKey]()) { keys, key in
            if let variable = key.variable { keys[variable] = key }
        }
        let renamed = ConfigurationKey.all.reduce(into: [String: String]()) { renamed, key in
            if let former = key.formerVariable { renamed[former] = key.variable }
        }
        var warnings: [String] = []
        for (name, text) in environment.sorted(by: { $0.key < $1.key }) where name.hasPrefix("PHI_") {
            if let key = keys[name] {
                do throws(UnreadableYAML) {
                    let value = try RawValue(yaml: text) { _ in .variable(name) }
                    if case .nothing = value.content { continue }
                    key.codec.parse(&self, value, key.path)
                } catch { problems.append(error.problem) }
            } else if let present = renamed[name] {
                if !text.isEmpty { report(.variable(name), "this variable is now \(present)") }
            } else if !ConfigurationSources.otherVariables.contains(name) {
                let ignored = "unknown environment variable \"\(name.escapingControls)\" is ignored"
                let nearest = name.nearest(in: keys.keys.sorted())
                warnings.append(nearest.map { "\(ignored): did you mean \"\($0)\"?" } ?? ignored)
            }
        }
        return warnings
    }
}
