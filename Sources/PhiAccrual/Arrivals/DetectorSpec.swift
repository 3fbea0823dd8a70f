/// Which detector to use, with its parameters, as the user writes it: `adaptive`, `normal,window=500`, `akka`.
///
/// `DetectorRegistry` lists what there is to choose from.
public struct DetectorSpec: Sendable {
    public let parameters: any DetectorParameters

    public init(_ parameters: any DetectorParameters) { self.parameters = parameters }

    public static func adaptive(_ parameters: AdaptiveModel.Parameters = .init()) -> DetectorSpec {
        DetectorSpec(parameters)
    }

    /// Reads the notation used in options and files: a name of the registry, then parameters.
    public init(parsing text: String) throws(InvalidDetectorSpec) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let pairs = parts.dropFirst().map { part in
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            return (name: pair.first ?? "", value: pair.count == 2 ? pair[1] : "")
        }
        let name = parts.first ?? ""
        guard let preset = DetectorRegistry.spec(named: name) else {
            throw InvalidDetectorSpec(
                text: text, reason: "unknown detector '\(name)'",
                known: Self.names.joined(separator: ", "))
        }
        guard pairs.isEmpty || preset.hasParameters else {
            throw InvalidDetectorSpec(text: text, reason: "\(name) has no parameters", known: name)
        }
        self = try preset.parameters.spec(changedBy: pairs)
    }

    /// Every name that `init(parsing:)` reads.
    public static var names: [String] { DetectorRegistry.all.flatMap(\.names) }

    public var isAdaptive: Bool { parameters is AdaptiveModel.Parameters }
    private var hasParameters: Bool { !type(of: parameters).parameterNames.isEmpty }
    /// Whether a policy decides when to suspect; if not, the parameters do.
    public var usesPolicy: Bool { parameters.usesPolicy }
    /// The φ threshold that the parameters state; nil leaves it to the policy.
    public var nativeThreshold: Double? { parameters.nativeThreshold }
    /// The same detector with another φ threshold: Akka's detector uses it to decide which gaps to learn.
    public func with(threshold phi: Double) -> DetectorSpec { parameters.spec(withThreshold: phi) }

    /// Calls the visitor with the chosen model type. From there on the compiler knows the type.
    public func open<Visitor: ModelVisitor>(_ visitor: inout Visitor) throws -> Visitor.Outcome {
        try parameters.open(&visitor)
    }
}

/// An operation on a model whose type is chosen at run time.
public protocol ModelVisitor {
    associatedtype Outcome
    mutating func visit<Model: ArrivalModel>(_ model: Model.Type, _ parameters: Model.Parameters) throws -> Outcome
}

extension DetectorParameters {
    fileprivate var usesPolicy: Bool { Model.usesPolicy }

    fileprivate func spec(changedBy pairs: [(name: String, value: String)]) throws(InvalidDetectorSpec) -> DetectorSpec
    {
        DetectorSpec(try Self(parsing: pairs, onto: self))
    }
    fileprivate func spec(withThreshold phi: Double) -> DetectorSpec {
        var parameters = self
        parameters.nativeThreshold = phi
        return DetectorSpec(parameters)
    }
    fileprivate func open<Visitor: ModelVisitor>(_ visitor: inout Visitor) throws -> Visitor.Outcome {
        try visitor.visit(Model.self, self)
    }
}

extension DetectorSpec: Hashable, CustomStringConvertible {
    public static func == (one: DetectorSpec, other: DetectorSpec) -> Bool {
        AnyHashable(one.parameters) == AnyHashable(other.parameters)
    }
    public func hash(into hasher: inout Hasher) { parameters.hash(into: &hasher) }

    /// The notation that `init(parsing:)` reads, with all parameters except a profile.
    public var description: String { parameters.description }
}

/// An invalid detector, with the reason and the known ones.
public struct InvalidDetectorSpec: Error, Hashable, Sendable, CustomStringConvertible {
    public let text: String
    public let reason: String
    public let known: String
    public var description: String {
        "invalid detector \"\(text.escapingControls)\": \(reason.escapingControls); expected: \(known)"
    }
}
