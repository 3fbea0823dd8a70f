import PhiAccrual
import Testing

@Suite struct `A policy` {
    @Test(
        arguments: [
            ("phi=8", .phi(8)), ("phi=0.5", .phi(0.5)), ("phi=1e-6", .phi(1e-6)), ("phi=1000000", .phi(1e6)),
            ("price=1000", .price(1000)), ("price=0.25", .price(0.25)),
            ("mistakes=1/10000hb", .mistakes(MistakeBudget(.perHeartbeat(1e-4)))),
            ("mistakes=2/100hb", .mistakes(MistakeBudget(.perHeartbeat(0.02)))),
            ("mistakes=1/30d", .mistakes(MistakeBudget(.every(2_592_000e9)))),
            ("mistakes=4/1h,within=3s", .mistakes(MistakeBudget(.every(900e9), within: 3_000_000_000))),
            ("within=250ms,mistakes=1/1d", nil),
        ] as [(String, Policy?)])
    func `is parsed, and its description parses back to it`(text: String, policy: Policy?) throws {
        #expect((try? Policy(parsing: text)) == policy)
        guard let policy else { return }
        #expect(try Policy(parsing: policy.description) == policy)
    }
    @Test func `is formatted as you would write it`() throws {
        for text in [
            "phi=8", "phi=0.5", "price=1000", "mistakes=1/30d,within=3s", "mistakes=1/10000hb", "mistakes=1/90m",
        ] {
            #expect(try Policy(parsing: text).description == text)
        }
    }
    @Test(arguments: ["phi=0", "phi=-1", "phi=nan", "phi=inf", "phi=1000001", "phi=", "phi= 8", "phi=8x", "phi=8=8"])
    func `with an invalid number is refused`(text: String) {
        let error = #expect(throws: InvalidPolicy.self) { try Policy(parsing: text) }
        #expect(
            error?.description
                == "invalid policy \"\(text)\": phi must be a number above 0 and at most 1000000; write for example 'phi=8', 'price=1000', or 'mistakes=1/30d,within=3s'"
        )
    }
    @Test(arguments: [
        ("", "'' has no '='"), ("8", "'8' has no '='"), ("φ=8", "unknown policy 'φ'"),
        ("=8", "unknown policy ''"),
        ("price=0", "price must be a number above 0 and at most 1000000000000"),
        ("phi=8,phi=9", "'phi' is given twice"), ("phi=8,within=3s", "'within' cannot be combined with 'phi'"),
        ("mistakes=1", "mistakes must be a number per time or per heartbeats, such as 1/30d or 1/10000hb"),
        ("mistakes=0/1d", "mistakes must be a number per time or per heartbeats, such as 1/30d or 1/10000hb"),
        (
            "mistakes=1/0d",
            "'0d' is neither a duration above 0, such as 30d, nor a number of heartbeats, such as 10000hb"
        ),
        ("mistakes=1/x", "'x' is neither a duration above 0, such as 30d, nor a number of heartbeats, such as 10000hb"),
        ("mistakes=3/2hb", "mistakes must be at most one per heartbeat, such as 1/10000hb"),
        ("mistakes=1/1d,within=0s", "within must be a duration above 0, such as 3s"),
        ("mistakes=1/1d,phi=8", "'phi' cannot be combined with 'mistakes'"),
    ])
    func `that is invalid is refused with the reason`(text: String, reason: String) {
        let error = #expect(throws: InvalidPolicy.self) { try Policy(parsing: text) }
        #expect(error?.reason == reason)
    }
}

@Suite struct `A policy table` {
    @Test func `has its entries in one order, whatever the order of insertion`() throws {
        let nodes = try [("a", "b"), ("a", "b-c"), ("a-", "a"), ("é", "x"), ("e\u{301}", "x")].map {
            PolicyScope.node(try NodeIdentity(group: $0.0, name: $0.1))
        }
        let groups = ["a", "a-", "b", "e\u{301}", "é"].map(PolicyScope.group)
        let scopes = [.everyone] + groups + nodes
        let places = scopes.flatMap { scope in
            [Origin.Source.file, .tune].flatMap { source in (0..<2).map { ($0, Origin(source, for: scope)) } }
        }
        let levels = [.suspect(), try Level(name: "evict", policy: .phi(9))]
        var random = SplitMix64(seed: 3)
        var orders: Set<[PolicyTable.Entry]> = []
        for _ in 0..<20 {
            var policies = PolicyTable(levels: levels)
            for (level, origin) in places.shuffled(using: &random) { policies.set(.phi(1), level: level, from: origin) }
            orders.insert(policies.entries)
            // Removing some entries leaves the others unchanged.
            let (kept, gone) = (places.filter { $0.0 == 0 }, places.filter { $0.0 == 1 })
            for (level, origin) in gone.shuffled(using: &random) { policies.set(nil, level: level, from: origin) }
            let left = policies.entries.filter { $0.level == 0 }
            #expect(policies.entries == left && left.count == kept.count)
        }
        let entries = try #require(orders.first)
        #expect(orders.count == 1 && entries.count == places.count)
        #expect(entries.prefix(4).map(\.level) == [0, 1, 0, 1])
        #expect(entries.prefix(4).map(\.origin.source) == [.file, .file, .tune, .tune])
        var seen: [PolicyScope] = []
        for entry in entries where !seen.contains(entry.origin.scope) { seen.append(entry.origin.scope) }
        let (composed, decomposed) = (nodes[3], nodes[4])
        #expect(seen == scopes.prefix(9) + [decomposed, composed])
    }
}
