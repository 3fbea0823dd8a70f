/// When silence becomes suspicion, as the user states it.
public enum Policy: Hashable, Sendable {
    /// Suspect as soon as φ reaches this threshold: above 0, at most `maxPhi`.
    case phi(Double)
    /// Suspect at the deadline that minimises the timeout plus this price times the probability of a mistake. The price
    /// is counted in intervals between heartbeats: at 1000, avoiding a mistake is worth 1000 intervals of waiting.
    /// Above 0, at most `maxPrice`.
    case price(Double)
    /// Suspect as early as the budget of mistakes allows.
    case mistakes(MistakeBudget)

    public static let maxPhi = 1e6
    public static let maxPrice = 1e12

    /// The φ threshold; nil for policies that use more than φ.
    public var phi: Double? { if case .phi(let phi) = self { phi } else { nil } }
}

/// How many mistakes are acceptable. A mistake is a false suspicion: suspecting a node that is up.
public struct MistakeBudget: Hashable, Sendable {
    public enum Rate: Hashable, Sendable {
        /// Mistakes per heartbeat: above 0, at most 1.
        case perHeartbeat(Double)
        /// Mean number of nanoseconds from one mistake to the next: above 0.
        case every(Double)
    }
    public var rate: Rate
    /// Maximum timeout after the last arrival, in nanoseconds, even if it costs more mistakes than the budget; nil for
    /// none.
    public var within: Int64?

    public init(_ rate: Rate, within: Int64? = nil) { (self.rate, self.within) = (rate, within) }

    /// Acceptable mistakes per heartbeat, for an interval in nanoseconds.
    public func perHeartbeat(interval: Double) -> Double {
        switch rate {
        case .perHeartbeat(let share): share
        case .every(let time): min(1, interval / time)
        }
    }
}

// MARK: Notation

extension Policy: CustomStringConvertible {
    /// Reads the notation used in options, files, and messages: `phi=8`, `price=1000`, `mistakes=1/30d,within=3s`, or
    /// `mistakes=1/10000hb` (per heartbeats).
    public init(parsing text: String) throws(InvalidPolicy) {
        var values: [String: String] = [:]
        var names: [String] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let equals = part.firstIndex(of: "=") else {
                throw InvalidPolicy(text: text, reason: "'\(part)' has no '='")
            }
            let name = String(part[..<equals])
            names.append(name)
            guard values.updateValue(String(part[part.index(after: equals)...]), forKey: name) == nil else {
                throw InvalidPolicy(text: text, reason: "'\(name)' is given twice")
            }
        }
        func number(_ name: String, upTo largest: Double) throws(InvalidPolicy) -> Double {
            guard let number = values[name].flatMap(Double.init), number > 0, number <= largest else {
                let limit = Int64(saturating: largest)
                throw InvalidPolicy(text: text, reason: "\(name) must be a number above 0 and at most \(limit)")
            }
            return number
        }
        switch names.first {
        case "phi": self = .phi(try number("phi", upTo: Self.maxPhi))
        case "price": self = .price(try number("price", upTo: Self.maxPrice))
        case "mistakes":
            do { self = .mistakes(try MistakeBudget(rate: values["mistakes"] ?? "", within: values["within"])) } catch {
                throw InvalidPolicy(text: text, reason: error.reason)
            }
            names.removeAll { $0 == "within" }
        default: throw InvalidPolicy(text: text, reason: "unknown policy '\(names.first ?? "")'")
        }
        guard names.count == 1 else {
            throw InvalidPolicy(text: text, reason: "'\(names[1])' cannot be combined with '\(names[0])'")
        }
    }

    /// The notation that `init(parsing:)` reads.
    public var description: String {
        switch self {
        case .phi(let phi): "phi=\(phi.notation)"
        case .price(let price): "price=\(price.notation)"
        case .mistakes(let budget): budget.description
        }
    }
}

extension MistakeBudget: CustomStringConvertible {
    fileprivate struct Unreadable: Error { var reason: String }

    /// Reads a rate such as `1/30d` or `1/10000hb`, and a duration.
    fileprivate init(rate text: String, within: String?) throws(Unreadable) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let count = Double(parts[0]), count > 0, count.isFinite else {
            throw Unreadable(reason: "mistakes must be a number per time or per heartbeats, such as 1/30d or 1/10000hb")
        }
        if parts[1].hasSuffix("hb") {
            guard let heartbeats = Double(parts[1].dropLast(2)), heartbeats.isFinite, heartbeats >= count else {
                throw Unreadable(reason: "mistakes must be at most one per heartbeat, such as 1/10000hb")
            }
            rate = .perHeartbeat(count / heartbeats)
        } else {
            guard let time = try? Duration(parsing: String(parts[1])), time > .zero else {
                throw Unreadable(
                    reason:
                        "'\(parts[1])' is neither a duration above 0, such as 30d, nor a number of heartbeats, such as 10000hb"
                )
            }
            rate = .every(Double(time.nanoseconds) / count)
        }
        if let within {
            guard let time = try? Duration(parsing: within), time > .zero else {
                throw Unreadable(reason: "within must be a duration above 0, such as 3s")
            }
            self.within = time.nanoseconds
        }
    }

    public var description: String {
        let rate =
            switch rate {
            case .perHeartbeat(let share): "1/\(Self.reciprocal(share).notation)hb"
            case .every(let time): "1/\(Duration.notation(nanoseconds: time))"
            }
        let limit = within.map { ",within=\(Duration.notation(nanoseconds: Double($0)))" } ?? ""
        return "mistakes=\(rate)\(limit)"
    }

    /// The whole number with this reciprocal, if there is one: in doubles, 1 / 10⁻⁵ is not quite 100,000.
    private static func reciprocal(_ share: Double) -> Double {
        let whole = (1 / share).rounded()
        return 1 / whole == share ? whole : 1 / share
    }
}

/// A policy that is invalid or not supported, with the reason.
public struct InvalidPolicy: Error, Hashable, Sendable, CustomStringConvertible {
    public let text: String
    public let reason: String
    public init(text: String, reason: String) { (self.text, self.reason) = (text, reason) }
    public var description: String {
        "invalid policy \"\(text.escapingControls)\": \(reason.escapingControls); "
            + "write for example 'phi=8', 'price=1000', or 'mistakes=1/30d,within=3s'"
    }
}
