/// Which detector is to judge, with its parameters, as its user states it: `normal`, `normal,window=500,floor=0.05`.
public enum ModelChoice: Hashable, Sendable {
    case adaptive
    case normal(NormalModel.Parameters)

    /// Reads the notation used in options and files.
    public init(parsing text: String) throws(InvalidModelChoice) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        if text == "adaptive" {
            self = .adaptive
            return
        }
        guard parts.first == "normal" else {
            throw InvalidModelChoice(
                text: text, reason: "'\(parts.first ?? "")' is not a detector known here", known: "normal")
        }
        var parameters = NormalModel.Parameters()
        for part in parts.dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = pair.count == 2 ? String(pair[1]) : ""
            switch pair.first {
            case "window":
                guard let window = Int(value), ArrivalWindow.capacities.contains(window) else {
                    throw InvalidModelChoice(
                        text: text, reason: "window must be a whole number from 2 to 100000",
                        known: "normal,window=1000")
                }
                parameters.window = window
            case "floor":
                guard let floor = Double(value), (0...100).contains(floor) else {
                    throw InvalidModelChoice(
                        text: text, reason: "floor must be a number from 0 to 100 (intervals)",
                        known: "normal,floor=0.1")
                }
                parameters.floor = floor
            default:
                throw InvalidModelChoice(
                    text: text, reason: "'\(part)' is no parameter of normal", known: "normal,window=1000,floor=0.1")
            }
        }
        self = .normal(parameters)
    }
}

extension ModelChoice: CustomStringConvertible {
    /// The notation that `init(parsing:)` reads.
    public var description: String {
        switch self {
        case .adaptive: "adaptive"
        case .normal(let parameters): "normal,window=\(parameters.window),floor=\(parameters.floor)"
        }
    }
}

/// A detector that cannot be had, with the reason and what can be.
public struct InvalidModelChoice: Error, Hashable, Sendable, CustomStringConvertible {
    public let text: String
    public let reason: String
    public let known: String
    public var description: String {
        "detector \"\(text.escapingControls)\" cannot be used: \(reason.escapingControls); known is for example '\(known)'"
    }
}
