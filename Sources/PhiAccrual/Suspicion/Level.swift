/// A named degree of certainty, such as `suspect` or `evict`, with the policy that decides when it is reached.
///
/// Different consumers may act at different degrees of certainty: that is the purpose of accrual detection.
public struct Level: Hashable, Sendable {
    public let name: String
    public let policy: Policy
    public private(set) var origin = Origin(.standard)

    public init(name: String, policy: Policy) throws(InvalidName) {
        if let reason = NodeIdentity.invalidity(ofName: name) {
            throw InvalidName(part: "level", text: name, reason: reason)
        }
        self.name = name
        self.policy = policy
    }
    private init(plain name: StaticString, _ policy: Policy) { (self.name, self.policy) = ("\(name)", policy) }

    /// The same level with another source of its policy.
    public func set(by source: Origin.Source) -> Level {
        var level = self
        level.origin = Origin(source)
        return level
    }

    public static func suspect(_ policy: Policy = .phi(8)) -> Level { Level(plain: "suspect", policy) }

    /// The default levels of a detector.
    public static func standard(for model: DetectorSpec) -> [Level] {
        guard model.isAdaptive else { return [.suspect(.phi(model.nativeThreshold ?? 8))] }
        let day = 86_400e9  // ns
        return [
            .suspect(.mistakes(MistakeBudget(.every(day)))),
            Level(plain: "evict", .mistakes(MistakeBudget(.every(365 * day)))),
        ]
    }
}
