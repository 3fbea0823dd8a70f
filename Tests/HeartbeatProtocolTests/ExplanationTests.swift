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
        (.new, .learning, "First heartbeat."),
        (.new, .trusted, "Heartbeats arrive in order."),
        (
            .new, .suspected,
            "No heartbeat for 12 s, expected after 1 s. phi=8 (default) is reached after 2 s, judged by 50 gaps."
        ),
        (.new, .left, "The node said goodbye."),
        (.learning, .trusted, "Heartbeats arrive in order."),
        (
            .learning, .suspected,
            "No heartbeat for 12 s, expected after 1 s. phi=8 (default) is reached after 2 s, judged by 50 gaps."
        ),
        (
            .trusted, .suspected,
            "No heartbeat for 12 s, expected after 1 s. phi=8 (default) is reached after 2 s, judged by 50 gaps."
        ),
        (.suspected, .learning, "A heartbeat ended a silence of 12 s; too few were heard to say more."),
        (.suspected, .trusted, "A heartbeat ended a silence of 12 s."),
        (.learning, .left, "The node said goodbye."),
        (.trusted, .left, "The node said goodbye."),
        (.suspected, .left, "The node said goodbye."),
        (.left, .learning, "The node is back after its goodbye."),
        (.left, .trusted, "The node is back after its goodbye."),
        (.learning, .forgotten, "The node is kept no longer. Nothing was heard of it for 12 s."),
        (.trusted, .forgotten, "The node is kept no longer. Nothing was heard of it for 12 s."),
        (.suspected, .forgotten, "The node is kept no longer. Nothing was heard of it for 12 s."),
        (.left, .forgotten, "The node is kept no longer. Nothing was heard of it for 12 s."),
    ]
    @Test(arguments: transitions) func `gives the reason`(from: Verdict, to: Verdict, sentence: String) throws {
        #expect(try explanation(from, to) == sentence)
    }
    @Test func `reports missing heartbeats and what φ is based on`() throws {
        #expect(
            try explanation(.trusted, .suspected, missing: 1, samples: 1)
                == "No heartbeat for 12 s, expected after 1 s, 1 heartbeat missing so far. phi=8 (default) is reached after 2 s, judged by 1 gap."
        )
        #expect(
            try explanation(.learning, .suspected, missing: 2, samples: 0)
                == "No heartbeat for 12 s, expected after 1 s, 2 heartbeats missing so far. phi=8 (default) is reached after 2 s, judged by its announced interval."
        )
        #expect(
            try explanation(.suspected, .trusted, missing: 250)
                == "A heartbeat ended a silence of 12 s, 250 heartbeats missing so far.")
    }
    @Test func `omits unknown values`() throws {
        #expect(
            try explanation(.learning, .suspected, expected: nil, timeout: nil)
                == "No heartbeat for 12 s. phi=8 (default) is reached, judged by 50 gaps.")
    }
    @Test func `of a budget gives its timeout`() throws {
        #expect(
            try explanation(.trusted, .suspected, policy: .mistakes(MistakeBudget(.every(86_400e9))))
                == "No heartbeat for 12 s, expected after 1 s. mistakes=1/1d (default) allows 2 s, judged by 50 gaps.")
    }
    @Test func `names a changed policy as the end of a suspicion`() throws {
        for to in [Verdict.learning, .trusted] {
            #expect(
                try explanation(.suspected, to, silence: .seconds(3), timeout: .seconds(9), isByPolicy: true)
                    == "phi=8 (default) allows 9 s of silence, and it has lasted 3 s.")
            #expect(
                try explanation(.suspected, to, timeout: nil, isByPolicy: true)
                    == "phi=8 (default) suspects nobody for silence, and it has lasted 12 s.")
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
                == "The budget mistakes=1/10000hb,within=3s of level suspect cannot be kept for lab/a. Within its limit comes one mistake in 250 heartbeats; the budget needs a limit of 7.4 s."
        )
        #expect(
            sentence(.budgetInfeasible, shortfall: BudgetShortfall(mistakesPerHeartbeat: 0.004, neededTimeout: nil))
                == "The budget mistakes=1/10000hb,within=3s of level suspect cannot be kept for lab/a. By outages alone comes one mistake in 250 heartbeats, however long the wait."
        )
        #expect(
            sentence(.budgetFeasible)
                == "The budget mistakes=1/10000hb,within=3s of level suspect can be kept for lab/a again.")
        #expect(
            sentence(.unnamed)
                == "Heartbeats of a node with key 00000000000000ff arrive, and none of them said its name yet. It is watched, and announced once its name is known."
        )
        #expect(
            sentence(.takeover)
                == "Heartbeats of lab/a with an older start or an unlikely sequence number kept coming in order, so they are taken for the living sender."
        )
        #expect(sentence(.duplicateNode) == "Two senders take turns as lab/a. Give each a name of its own.")
        #expect(sentence(.nameCollision) == "A second name claims the key of lab/a. The first name stays.")
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
