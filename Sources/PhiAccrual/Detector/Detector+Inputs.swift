extension Detector {
    /// Applies an input, which may come from a recording.
    ///
    /// Ignores policies with other levels, policies that the model refuses, and a policy table that is too large.
    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    public mutating func apply(_ input: DetectorInput, into events: inout [Event]) {
        switch input {
        case .announcement(let identity, let key, let now): announce(identity, key: key, at: now, into: &events)
        case .expectation(let identity, let key, let until, let now):
            expect(identity, key: key, until: until, at: now, into: &events)
        case .noExpectation(let key, let now): expectNoLonger(key, at: now, into: &events)
        case .heartbeats(let batch, let now): receive(batch.span, at: now, into: &events)
        case .advance(let now): advance(to: now, into: &events)
        case .ignoredSilence(let start, let end): ignoreSilence(from: start, to: end)
        case .timestampUncertainty(let nanoseconds): timestampUncertainty = nanoseconds
        case .backlog(let hasBacklog): self.hasBacklog = hasBacklog
        case .policies(let policies, let now):
            let isApplicable =
                policies.levels.map(\.name) == levels.map(\.name) && refusal(of: policies) == nil
                && !policies.isTooLarge
            if isApplicable { apply(policies, at: now, into: &events) }
        case .rules(let recovery, let hold): (configuration.recovery, configuration.hold) = (recovery, hold)
        case .pause(let key, let until, let reason, let now):
            pause(key, Pause(until: until, reason: reason), at: now, into: &events)
        case .resumption(let key, let now): resume(key, at: now, into: &events)
        case .forgetting(let key, let now): forget(key, at: now, into: &events)
        case .disconnection(let key, let now): disconnected(key, at: now)
        }
    }

    /// Why the model refuses these policies; nil if it accepts them.
    public func refusal(of policies: PolicyTable) -> InvalidPolicy? { Configuration.refusal(of: policies) }
}

extension Detector.Configuration {
    /// Why the model refuses its policies; nil if it accepts them.
    public var refusal: InvalidPolicy? { Self.refusal(of: policies) }

    fileprivate static func refusal(of policies: PolicyTable) -> InvalidPolicy? {
        for policy in policies.allPolicies {
            if let reason = Model.refusal(of: policy) {
                return InvalidPolicy(text: policy.description, reason: reason)
            }
        }
        return nil
    }
}
