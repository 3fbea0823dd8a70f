/// When silence becomes suspicion, as its user states it.
public enum Policy: Hashable, Sendable {
    /// As soon as φ reaches this number: above 0, at most `largestPhi`.
    case phi(Double)

    public static let largestPhi = 1e6

    /// Reads the one notation used in options, files, and messages, such as `phi=8`.
    public init(parsing text: String) throws(InvalidPolicy) {
        guard let equals = text.firstIndex(of: "=") else { throw InvalidPolicy(text: text, reason: "it has no '='") }
        let name = text[..<equals]
        let value = String(text[text.index(after: equals)...])
        switch name {
        case "phi":
            guard let phi = Double(value), phi > 0, phi <= Self.largestPhi else {
                throw InvalidPolicy(text: text, reason: "phi must be a number above 0 and at most 1000000")
            }
            self = .phi(phi)
        default:
            throw InvalidPolicy(text: text, reason: "'\(name)' is not a policy known here")
        }
    }
}

extension Policy: CustomStringConvertible {
    /// The notation that `init(parsing:)` reads.
    public var description: String {
        switch self {
        case .phi(let phi):
            // A whole number is written as people write it: phi=8, not phi=8.0.
            phi == phi.rounded() ? "phi=\(Int64(saturating: phi))" : "phi=\(phi)"
        }
    }
}

/// A policy that cannot be understood, with the reason.
public struct InvalidPolicy: Error, Hashable, Sendable, CustomStringConvertible {
    public let text: String
    public let reason: String
    public var description: String {
        "policy \"\(text.escapingControls)\" cannot be used: \(reason); write for example 'phi=8'"
    }
}
