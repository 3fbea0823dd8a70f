/// The parameters of one kind of detector, which users read and write by name: `chen,window=32,alpha=100ms`.
public protocol DetectorParameters: Hashable, Sendable, CustomStringConvertible {
    associatedtype Model: ArrivalModel where Model.Parameters == Self
    /// The defaults.
    init()
    /// The detector's name in options and files.
    static var detectorName: String { get }
    static var named: [NamedParameter<Self>] { get }
    /// The φ threshold among the parameters; nil if the detector has none.
    var nativeThreshold: Double? { get set }
}

extension DetectorParameters {
    public var nativeThreshold: Double? {
        get { nil }
        set {}
    }
    public static var parameterNames: [String] { named.map(\.name) }

    /// Reads parameters by name. The others keep their values from `preset`.
    ///
    /// - Throws: At the first unknown name or invalid value.
    public init(parsing pairs: [(name: String, value: String)], onto preset: Self = Self())
        throws(InvalidDetectorSpec)
    {
        self = preset
        for pair in pairs {
            guard let parameter = Self.named.first(where: { $0.name == pair.name }) else {
                throw Self.invalid(
                    pairs, "\(Self.detectorName) has no parameter '\(pair.name)', only \(Self.listOfNames)")
            }
            guard parameter.read(pair.value, &self) else {
                throw Self.invalid(pairs, "\(pair.name) must be \(parameter.rule), found '\(pair.value)'")
            }
        }
    }

    private static var listOfNames: String {
        let names = parameterNames
        return names.count < 2
            ? names.joined() : names.dropLast().joined(separator: ", ") + " and " + names[names.count - 1]
    }
    private static func invalid(_ pairs: [(name: String, value: String)], _ reason: String) -> InvalidDetectorSpec {
        let text = ([detectorName] + pairs.map { "\($0.name)=\($0.value)" }).joined(separator: ",")
        return InvalidDetectorSpec(text: text, reason: reason, known: Self().description)
    }

    /// The notation of options and files, with all parameters.
    public var description: String {
        ([Self.detectorName] + Self.named.map { "\($0.name)=\($0.write(self))" }).joined(separator: ",")
    }
    /// Whether `init(parsing:onto:)` would accept every value.
    var areAllowed: Bool { Self.named.allSatisfy { $0.isAllowed(self) } }
}

/// One parameter as users write it: its name, and how its value is read, checked, and written.
public struct NamedParameter<Parameters: Sendable>: Sendable {
    public let name: String
    /// What is a valid value, worded to follow “must be”.
    public let rule: String
    let read: @Sendable (String, inout Parameters) -> Bool
    let write: @Sendable (Parameters) -> String
    let isAllowed: @Sendable (Parameters) -> Bool

    private init<Value>(
        _ name: String, _ path: WritableKeyPath<Parameters, Value> & Sendable, rule: String,
        reading parse: @escaping @Sendable (String) -> Value?, writing format: @escaping @Sendable (Value) -> String,
        allowing isAllowed: @escaping @Sendable (Value) -> Bool = { _ in true }
    ) {
        self.name = name
        self.rule = rule
        read = { text, parameters in
            guard let value = parse(text), isAllowed(value) else { return false }
            parameters[keyPath: path] = value
            return true
        }
        write = { format($0[keyPath: path]) }
        self.isAllowed = { isAllowed($0[keyPath: path]) }
    }

    static func count(
        _ name: String, _ path: WritableKeyPath<Parameters, Int> & Sendable, in range: ClosedRange<Int>
    ) -> Self {
        Self(
            name, path, rule: "a whole number from \(range.lowerBound) to \(range.upperBound)", reading: { Int($0) },
            writing: { String($0) }, allowing: range.contains)
    }
    /// Number of gaps or arrivals in a window.
    static func window(
        _ name: String, _ path: WritableKeyPath<Parameters, Int> & Sendable,
        atLeast least: Int = ArrivalWindow.capacities.lowerBound
    ) -> Self {
        count(name, path, in: least...ArrivalWindow.capacities.upperBound)
    }
    static func number(
        _ name: String, _ path: WritableKeyPath<Parameters, Double> & Sendable, in range: ClosedRange<Double>
    ) -> Self {
        Self(
            name, path, rule: "a number from \(range.lowerBound.notation) to \(range.upperBound.notation)",
            reading: { Double($0) }, writing: \.notation, allowing: range.contains)
    }
    /// A φ threshold, with the bounds that a policy has for it.
    static func phi(_ name: String, _ path: WritableKeyPath<Parameters, Double> & Sendable) -> Self {
        Self(
            name, path, rule: phiRule, reading: { Double($0) }, writing: \.notation,
            allowing: { $0 > 0 && $0 <= Policy.maxPhi })
    }
    static func phi(_ name: String, _ path: WritableKeyPath<Parameters, Double?> & Sendable, orNil word: String)
        -> Self
    {
        Self(
            name, path, rule: "\(phiRule), or '\(word)'",
            reading: { $0 == word ? .some(nil) : Double($0).map(Optional.some) },
            writing: { $0?.notation ?? word },
            allowing: { $0.map { $0 > 0 && $0 <= Policy.maxPhi } ?? true })
    }
    private static var phiRule: String { "a number above 0 and at most \(Policy.maxPhi.notation)" }

    static func duration(
        _ name: String, _ path: WritableKeyPath<Parameters, Duration> & Sendable, atLeast least: Duration = .zero
    ) -> Self {
        Self(
            name, path, rule: durationRule(atLeast: least), reading: { try? Duration(parsing: $0) },
            writing: \.notation, allowing: { least <= $0 && $0 <= .maxParameter })
    }
    static func duration(_ name: String, _ path: WritableKeyPath<Parameters, Duration?> & Sendable, orNil word: String)
        -> Self
    {
        Self(
            name, path, rule: "\(durationRule(atLeast: .nanoseconds(1))), or '\(word)'",
            reading: { text in text == word ? .some(nil) : (try? Duration(parsing: text)).map(Optional.some) },
            writing: { $0?.notation ?? word },
            allowing: { $0.map { .nanoseconds(1) <= $0 && $0 <= .maxParameter } ?? true })
    }
    private static func durationRule(atLeast least: Duration) -> String {
        "a duration from \(least.notation) to \(Duration.maxParameter.notation), such as 250ms or 2s"
    }

    static func flag(_ name: String, _ path: WritableKeyPath<Parameters, Bool> & Sendable) -> Self {
        Self(name, path, rule: "true or false", reading: { Bool($0) }, writing: { String($0) })
    }
    static func choice<Value: CaseIterable & RawRepresentable & Sendable>(
        _ name: String, _ path: WritableKeyPath<Parameters, Value> & Sendable
    ) -> Self where Value.RawValue == String {
        Self(
            name, path, rule: Value.allCases.map(\.rawValue).joined(separator: " or "),
            reading: { Value(rawValue: $0) }, writing: \.rawValue)
    }
}

extension Duration {
    /// Maximum duration of a detector's parameter. It lies below `ArrivalWindow.maxGap`, so that a sum of several never
    /// leaves the range.
    public static var maxParameter: Duration { .seconds(200 * 86_400) }
}
