import HeartbeatProtocol

extension EventMessage {
    /// The event as environment variables for a command. Every variable is always set, and empty if it does not apply:
    /// a value inherited from the command's environment would be misleading.
    public var environment: [String: String] {
        var values = ["KIND": "", "GROUP": "", "NODE": "", "LEVEL": "", "FROM": "", "TO": "", "CODE": ""]
        values["EPOCH"] = "\(place.epoch)"
        values["SEQUENCE"] = "\(place.sequence)"
        values["AT"] = place.at.description
        switch self {
        case .transition(let transition):
            values["KIND"] = "transition"
            (values["GROUP"], values["NODE"]) = (transition.group, transition.node)
            values["LEVEL"] = transition.level
            (values["FROM"], values["TO"]) = (transition.from.rawValue, transition.to.rawValue)
            values["EXPLANATION"] = transition.explanation
        case .notice(let notice):
            values["KIND"] = notice.kind.rawValue
            (values["GROUP"], values["NODE"]) = (notice.group ?? "", notice.node ?? "")
            values["CODE"] = notice.code
            values["EXPLANATION"] = notice.explanation
        }
        return Dictionary(uniqueKeysWithValues: values.map { ("PHI_EVENT_\($0)", $1) })
    }
}
