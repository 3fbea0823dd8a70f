/// A named degree of certainty, such as `suspect` or `evict`, with the policy that reaches it.
///
/// Different consumers may act at different certainty: that is what accrual detection is for.
public struct Level: Hashable, Sendable {
    public let name: String
    public let policy: Policy

    public init(name: String, policy: Policy) throws(InvalidName) {
        if let reason = NodeIdentity.invalidity(ofName: name) {
            throw InvalidName(part: "level", text: name, reason: reason)
        }
        self.name = name
        self.policy = policy
    }
    private init(suspectAt policy: Policy) { (name, self.policy) = ("suspect", policy) }

    /// The one level there is unless something else is asked for.
    public static func suspect(_ policy: Policy = .phi(8)) -> Level { Level(suspectAt: policy) }
}
