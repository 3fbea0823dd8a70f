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
    func `is read as it is written`(text: String, policy: Policy?) throws {
        #expect((try? Policy(parsing: text)) == policy)
        guard let policy else { return }
        #expect(try Policy(parsing: policy.description) == policy)
    }
    @Test func `is written as people write it`() throws {
        for text in [
            "phi=8", "phi=0.5", "price=1000", "mistakes=1/30d,within=3s", "mistakes=1/10000hb", "mistakes=1/90m",
        ] {
            #expect(try Policy(parsing: text).description == text)
        }
    }
    @Test(arguments: ["phi=0", "phi=-1", "phi=nan", "phi=inf", "phi=1000001", "phi=", "phi= 8", "phi=8x", "phi=8=8"])
    func `with a wrong number is refused`(text: String) {
        let error = #expect(throws: InvalidPolicy.self) { try Policy(parsing: text) }
        #expect(
            error?.description
                == "policy \"\(text)\" cannot be used: phi must be a number above 0 and at most 1000000; write for example 'phi=8', 'price=1000', or 'mistakes=1/30d,within=3s'"
        )
    }
    @Test(arguments: [
        ("", "'' has no '='"), ("8", "'8' has no '='"), ("φ=8", "'φ' is not a policy known here"),
        ("=8", "'' is not a policy known here"),
        ("price=0", "price must be a number above 0 and at most 1000000000000"),
        ("phi=8,phi=9", "'phi' is given twice"), ("phi=8,within=3s", "'within' does not go with 'phi'"),
        ("mistakes=1", "mistakes must be a number per time or per heartbeats, such as 1/30d or 1/10000hb"),
        ("mistakes=0/1d", "mistakes must be a number per time or per heartbeats, such as 1/30d or 1/10000hb"),
        ("mistakes=1/0d", "'0d' is no time above 0 such as 30d, nor heartbeats such as 10000hb"),
        ("mistakes=1/x", "'x' is no time above 0 such as 30d, nor heartbeats such as 10000hb"),
        ("mistakes=3/2hb", "there can be at most one mistake per heartbeat, such as 1/10000hb"),
        ("mistakes=1/1d,within=0s", "within must be a duration above 0, such as 3s"),
        ("mistakes=1/1d,phi=8", "'phi' does not go with 'mistakes'"),
    ])
    func `that makes no sense is refused with the reason`(text: String, reason: String) {
        let error = #expect(throws: InvalidPolicy.self) { try Policy(parsing: text) }
        #expect(error?.reason == reason)
    }
}
