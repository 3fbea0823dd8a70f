import TestSupport
import Testing

@testable import HeartbeatProtocol
@testable import PhiAccrual

@Suite struct `An explanation` {
    private func explanation(
        _ from: Verdict, _ to: Verdict, silence: Int64 = .seconds(12), expected: Int64? = .seconds(1),
        timeout: Int64? = .seconds(2),
        missing: Int64 = 0, samples: Int = 50, policy: Policy = .phi(8), isByPolicy: Bool = false
    ) throws -> String {
        let transition = Transition(
            node: try NodeIdentity(group: "lab", name: "a"), incarnation: 1, level: 0,
            effectivePolicy: .init(policy: policy),
            from: from, to: to,
            at: Instant(nanoseconds: 0),
            evidence: Evidence(
                phi: 9, silence: silence, expected: expected, timeout: timeout, missing: missing, senderLate: nil,
                ownLate: 0,
                samples: samples, isByPolicy: isByPolicy))
        return Explanation.of(transition)
    }

    static let transitions: [(Verdict, Verdict, String)] = [
        (.new, .learning, "First heartbeat received."),
        (.new, .trusted, "Heartbeats arrive in order."),
        (
            .new, .suspected,
            "No heartbeat for 12 s, expected after 1 s. Timeout 2 s exceeded: phi=8 (default), estimated from 50 gaps."
        ),
        (.new, .left, "The node said goodbye."),
        (.learning, .trusted, "Heartbeats arrive in order."),
        (
            .learning, .suspected,
            "No heartbeat for 12 s, expected after 1 s. Timeout 2 s exceeded: phi=8 (default), estimated from 50 gaps."
        ),
        (
            .trusted, .suspected,
            "No heartbeat for 12 s, expected after 1 s. Timeout 2 s exceeded: phi=8 (default), estimated from 50 gaps."
        ),
        (.suspected, .learning, "Heartbeat received after 12 s of silence; too few heartbeats so far for a verdict."),
        (.suspected, .trusted, "Heartbeat received after 12 s of silence."),
        (.learning, .left, "The node said goodbye."),
        (.trusted, .left, "The node said goodbye."),
        (.suspected, .left, "The node said goodbye."),
        (.left, .learning, "The node sends heartbeats again after its goodbye."),
        (.left, .trusted, "The node sends heartbeats again after its goodbye."),
        (.learning, .forgotten, "Node removed. No heartbeat arrived in the last 12 s."),
        (.trusted, .forgotten, "Node removed. No heartbeat arrived in the last 12 s."),
        (.suspected, .forgotten, "Node removed. No heartbeat arrived in the last 12 s."),
        (.left, .forgotten, "Node removed. No heartbeat arrived in the last 12 s."),
    ]
    @Test(arguments: transitions) func `gives the reason`(from: Verdict, to: Verdict, sentence: String) throws {
        #expect(try explanation(from, to) == sentence)
    }
    @Test func `reports missing heartbeats and what φ is based on`() throws {
        #expect(
            try explanation(.trusted, .suspected, missing: 1, samples: 1)
                == "No heartbeat for 12 s, expected after 1 s. Missing so far: 1 heartbeat. Timeout 2 s exceeded: phi=8 (default), estimated from 1 gap."
        )
        #expect(
            try explanation(.learning, .suspected, missing: 2, samples: 0)
                == "No heartbeat for 12 s, expected after 1 s. Missing so far: 2 heartbeats. Timeout 2 s exceeded: phi=8 (default), estimated from the announced interval."
        )
        #expect(
            try explanation(.suspected, .trusted, missing: 250)
                == "Heartbeat received after 12 s of silence. Missing so far: 250 heartbeats.")
    }
    @Test func `omits unknown values`() throws {
        #expect(
            try explanation(.learning, .suspected, expected: nil, timeout: nil)
                == "No heartbeat for 12 s. Not heard by its initial deadline; "
                + "policy phi=8 (default) has no timeout for it yet."
        )
    }
    @Test func `of a budget gives its timeout`() throws {
        #expect(
            try explanation(.trusted, .suspected, policy: .mistakes(MistakeBudget(.every(86_400e9))))
                == "No heartbeat for 12 s, expected after 1 s. Timeout 2 s exceeded: mistakes=1/1d (default), estimated from 50 gaps."
        )
    }
    @Test func `names a changed policy as the end of a suspicion`() throws {
        for to in [Verdict.learning, .trusted] {
            #expect(
                try explanation(.suspected, to, silence: .seconds(3), timeout: .seconds(9), isByPolicy: true)
                    == "Policy is now phi=8 (default): timeout 9 s, silence so far 3 s.")
            #expect(
                try explanation(.suspected, to, timeout: nil, isByPolicy: true)
                    == "Policy is now phi=8 (default): it has no timeout; silence so far 12 s.")
        }
    }
    @Test func `of a notice states the fact and the consequence`() throws {
        let node = try NodeIdentity(group: "lab", name: "a")
        func sentence(_ code: Notice.Code, shortfall: BudgetShortfall? = nil) -> String {
            let budget = MistakeBudget(.perHeartbeat(1e-4), within: .seconds(3))
            return Explanation.of(
                Notice(
                    code: code, key: NodeKey(rawValue: 0xff), node: code == .unnamed ? nil : node, incarnation: 1,
                    at: Instant(nanoseconds: 0), effectivePolicy: .init(policy: .mistakes(budget)), shortfall: shortfall
                ),
                level: "suspect")
        }
        #expect(
            sentence(
                .budgetInfeasible,
                shortfall: BudgetShortfall(mistakesPerHeartbeat: 0.004, neededTimeout: .milliseconds(7400))
            )
                == "The budget mistakes=1/10000hb,within=3s of level suspect cannot be met for lab/a. With its limit, one mistake in 250 heartbeats is likely; the budget needs a limit of 7.4 s."
        )
        #expect(
            sentence(.budgetInfeasible, shortfall: BudgetShortfall(mistakesPerHeartbeat: 0.004, neededTimeout: nil))
                == "The budget mistakes=1/10000hb,within=3s of level suspect cannot be met for lab/a. Outages alone cause one mistake in 250 heartbeats, with any timeout."
        )
        #expect(
            sentence(.budgetFeasible)
                == "The budget mistakes=1/10000hb,within=3s of level suspect can be met for lab/a again.")
        #expect(
            sentence(.unnamed)
                == "Heartbeats with key 00000000000000ff arrive, but the node has not announced its name yet. The node is watched; its events are published once its name is known."
        )
        #expect(
            sentence(.takeover)
                == "Heartbeats of lab/a with an older incarnation or an unexpected sequence number keep arriving in order. They are accepted from now on."
        )
        #expect(sentence(.duplicateNode) == "Two senders send heartbeats as lab/a. Give each sender its own name.")
        #expect(sentence(.nameCollision) == "A second name has the same key as lab/a. The first name is kept.")
    }
    @Test(
        arguments: [
            (0, "0 µs"), (.milliseconds(250), "250 ms"), (1_560_000, "1.56 ms"), (123_456, "123 µs"),
            (.seconds(1), "1 s"),
            (1_561_000_000, "1.56 s"), (.seconds(12) + .milliseconds(340), "12.3 s"), (.seconds(599), "599 s"),
            (.seconds(600), "10 min"), (.seconds(5400), "90 min"), (.hours(10), "10 h"), (.hours(36), "36 h"),
            (.days(10), "10 days"), (.days(400), "400 days"), (9_996_000_000, "10 s"), (.max, "106752 days"),
            (.min, "-106752 days"),
        ] as [(Int64, String)])
    func `formats durations with about three digits`(nanoseconds: Int64, text: String) {
        #expect(Explanation.formatted(nanoseconds) == text)
    }
}
