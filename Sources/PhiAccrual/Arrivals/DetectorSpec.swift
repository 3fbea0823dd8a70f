/// Which detector to use, with its parameters, as the user writes it: `adaptive`, `normal,window=500`, `akka`.
public enum DetectorSpec: Hashable, Sendable {
    case adaptive(AdaptiveModel.Parameters)
    case normal(NormalModel.Parameters)
    case fixed(FixedModel.Parameters)
    case logistic(LogisticModel.Parameters)
    case exponential(ExponentialModel.Parameters)
    case chen(ChenModel.Parameters)
    case bertier(BertierModel.Parameters)
    case twoWindow(TwoWindowModel.Parameters)
    case empirical(EmpiricalModel.Parameters)
    case selfTuning(SelfTuningModel.Parameters)

    /// Reads the notation used in options and files: a name, then parameters.
    ///
    /// `akka`, `pekko` and `hazelcast` are `logistic`, `cassandra` and `chitchat` are `exponential`, with the defaults
    /// of those systems.
    public init(parsing text: String) throws(InvalidDetectorSpec) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let pairs = parts.dropFirst().map { part in
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            return (name: pair.first ?? "", value: pair.count == 2 ? pair[1] : "")
        }
        switch parts.first {
        case "adaptive":
            guard pairs.isEmpty else {
                throw InvalidDetectorSpec(text: text, reason: "adaptive has no parameters", known: "adaptive")
            }
            self = .adaptive(.init())
        case "normal": self = .normal(try .init(parsing: pairs))
        case "fixed": self = .fixed(try .init(parsing: pairs))
        case "logistic", "akka", "pekko": self = .logistic(try .init(parsing: pairs, onto: .akka))
        case "hazelcast": self = .logistic(try .init(parsing: pairs, onto: .hazelcast))
        case "exponential", "cassandra": self = .exponential(try .init(parsing: pairs, onto: .cassandra))
        case "chitchat": self = .exponential(try .init(parsing: pairs, onto: .chitchat))
        case "chen": self = .chen(try .init(parsing: pairs))
        case "bertier": self = .bertier(try .init(parsing: pairs))
        case "two-window": self = .twoWindow(try .init(parsing: pairs))
        case "empirical": self = .empirical(try .init(parsing: pairs))
        case "self-tuning": self = .selfTuning(try .init(parsing: pairs))
        default:
            throw InvalidDetectorSpec(
                text: text, reason: "'\(parts.first ?? "")' is not a detector known here",
                known: Self.names.joined(separator: ", "))
        }
    }

    /// Every name that `init(parsing:)` reads.
    public static let names = [
        "adaptive", "normal", "fixed", "logistic", "akka", "pekko", "hazelcast", "exponential", "cassandra", "chitchat",
        "chen", "bertier", "two-window", "empirical", "self-tuning",
    ]
}

/// An operation on a model whose type is chosen at run time.
public protocol ModelVisitor {
    associatedtype Outcome
    mutating func visit<Model: ArrivalModel>(_ model: Model.Type, _ parameters: Model.Parameters) throws -> Outcome
}

extension DetectorSpec {
    /// Calls the visitor with the chosen model type. From there on the compiler knows the type.
    public func open<Visitor: ModelVisitor>(_ visitor: inout Visitor) throws -> Visitor.Outcome {
        switch self {
        case .adaptive(let parameters): try visitor.visit(AdaptiveModel.self, parameters)
        case .normal(let parameters): try visitor.visit(NormalModel.self, parameters)
        case .fixed(let parameters): try visitor.visit(FixedModel.self, parameters)
        case .logistic(let parameters): try visitor.visit(LogisticModel.self, parameters)
        case .exponential(let parameters): try visitor.visit(ExponentialModel.self, parameters)
        case .chen(let parameters): try visitor.visit(ChenModel.self, parameters)
        case .bertier(let parameters): try visitor.visit(BertierModel.self, parameters)
        case .twoWindow(let parameters): try visitor.visit(TwoWindowModel.self, parameters)
        case .empirical(let parameters): try visitor.visit(EmpiricalModel.self, parameters)
        case .selfTuning(let parameters): try visitor.visit(SelfTuningModel.self, parameters)
        }
    }

    /// Whether a policy decides when to suspect; if not, the parameters do.
    public var usesPolicy: Bool {
        switch self {
        case .adaptive, .normal, .logistic, .exponential: true
        case .fixed, .chen, .bertier, .twoWindow, .empirical, .selfTuning: false
        }
    }

    /// The φ threshold that the parameters state; nil leaves it to the policy.
    public var nativeThreshold: Double? {
        switch self {
        case .logistic(let parameters): parameters.nativeThreshold
        case .exponential(let parameters): parameters.nativeThreshold
        default: nil
        }
    }

    /// The same detector with another φ threshold: Akka's detector uses it to decide which gaps to learn.
    public func made(forPhi phi: Double) -> DetectorSpec {
        switch self {
        case .logistic(var parameters):
            parameters.nativeThreshold = phi
            return .logistic(parameters)
        case .exponential(var parameters):
            parameters.nativeThreshold = phi
            return .exponential(parameters)
        default: return self
        }
    }
}

extension DetectorSpec: CustomStringConvertible {
    /// The notation that `init(parsing:)` reads, with all parameters except a profile.
    public var description: String {
        switch self {
        case .adaptive: "adaptive"
        case .normal(let parameters): parameters.description
        case .fixed(let parameters): parameters.description
        case .logistic(let parameters): parameters.description
        case .exponential(let parameters): parameters.description
        case .chen(let parameters): parameters.description
        case .bertier(let parameters): parameters.description
        case .twoWindow(let parameters): parameters.description
        case .empirical(let parameters): parameters.description
        case .selfTuning(let parameters): parameters.description
        }
    }
}

/// An invalid detector, with the reason and the known ones.
public struct InvalidDetectorSpec: Error, Hashable, Sendable, CustomStringConvertible {
    public let text: String
    public let reason: String
    public let known: String
    public var description: String {
        "detector \"\(text.escapingControls)\" cannot be used: \(reason.escapingControls); known: \(known)"
    }
}
