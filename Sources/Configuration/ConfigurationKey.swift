/// One key of the configuration, with everything that depends on it: parsing, printing, reloading, its environment
/// variable, its options, and its row in `docs/configuration.md`.
///
/// `ConfigurationKey.all` declares each key once. A new key needs its entry there, a field of `ServiceConfiguration`, and
/// the literal declaration of its option in `ServiceOptions`.
package struct ConfigurationKey: Sendable {
    /// The names that lead to the key in a file, joined with dots: `limits.nodes`.
    package let path: String
    /// The last name of the path in earlier versions. Using it is an error that says the present one.
    let formerName: String?
    /// How the value is parsed, checked, and printed. It also owns the nested keys.
    let codec: ValueCodec
    /// The command-line options that set this key.
    package let options: [ConfigurationOption]
    let reload: ReloadRule
    /// For the documentation, in Markdown: the meaning with its limits, and the default if it needs more than the value.
    private let meaning: String
    private let documentedDefault: String?

    init(
        _ path: String, formerName: String? = nil, _ codec: ValueCodec, options: [ConfigurationOption] = [],
        reload: ReloadRule = .restart, meaning: String, default documentedDefault: String? = nil
    ) {
        (self.path, self.formerName, self.codec, self.reload) = (path, formerName, codec, reload)
        self.options = options.map { $0.setting(path) }
        (self.meaning, self.documentedDefault) = (meaning, documentedDefault)
    }

    /// The last name of the path.
    package var name: String { path.split(separator: ".").last.map(String.init) ?? path }
    /// The environment variable. Nested keys have none of their own: their parent's variable has a mapping.
    package var variable: String? { path.contains(".") ? nil : Self.variable(path) }
    var formerVariable: String? { path.contains(".") ? nil : formerName.map(Self.variable) }
    private static func variable(_ name: String) -> String { "PHI_\(name.uppercased())" }
    /// This key, and the keys below it.
    package var family: [ConfigurationKey] { [self] + codec.parts }

    /// The key's row in `docs/configuration.md`, followed by those of its nested keys.
    package var documentation: [String] {
        family.map { key in
            let value = key.documentedDefault ?? key.codec.standard.map { "`\($0)`" } ?? ""
            let options = key.options.map { "`\($0.notation)`" }.joined(separator: ", ")
            let variable = key.variable.map { "`\($0)`" } ?? ""
            let columns = [
                "`\(key.path)`", key.meaning, value, variable, options, key.variable == nil ? "" : reload.word,
            ]
            return columns.map { $0.isEmpty ? " " : " \($0.replacing("|", with: "\\|")) " }.joined(separator: "|")
        }.map { "|\($0)|" }
    }
}

/// What a running service does if the value of a key changed when its configuration is reloaded.
enum ReloadRule: Sendable {
    /// It applies the change.
    case applied(@Sendable (_ new: ServiceConfiguration, _ reload: inout Reload) -> Void)
    /// The change is part of what another key's rule applies.
    case appliedWithAnotherKey
    /// It keeps the old value and reports that the change needs a restart.
    case restart
    /// Like `restart`, with a comparison other than that of the key's own value.
    case restartIf(@Sendable (_ new: ServiceConfiguration, _ old: ServiceConfiguration) -> Bool)

    /// Applies a change of `part`, with a sentence for the log.
    static func applied<Value: Equatable & SendableMetatype>(
        _ part: WritableKeyPath<ServiceConfiguration, Value> & Sendable,
        _ sentence: @escaping @Sendable (_ new: Value, _ old: Value) -> String
    ) -> ReloadRule {
        .applied { new, reload in
            let (new, old) = (new[keyPath: part], reload.configuration[keyPath: part])
            guard new != old else { return }
            reload.configuration[keyPath: part] = new
            reload.applied.append(sentence(new, old))
        }
    }

    fileprivate var word: String {
        switch self {
        case .applied, .appliedWithAnotherKey: "yes"
        case .restart, .restartIf: "restart"
        }
    }
}
