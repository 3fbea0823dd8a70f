import PhiAccrual
import Testing

@Suite struct `A policy` {
    @Test(arguments: [("phi=8", 8), ("phi=0.5", 0.5), ("phi=1e-6", 1e-6), ("phi=1000000", 1e6), ("phi=12.25", 12.25)])
    func `is read as it is written`(text: String, phi: Double) throws {
        #expect(try Policy(parsing: text) == .phi(phi))
    }
    @Test(arguments: [8, 0.5, 1e-6, 1e6, 1.0 / 3, 12.25]) func `is written so that it can be read`(phi: Double) throws {
        #expect(try Policy(parsing: Policy.phi(phi).description) == .phi(phi))
    }
    @Test func `with a whole number is written as people write it`() {
        #expect(Policy.phi(8).description == "phi=8")
        #expect(Policy.phi(1e6).description == "phi=1000000")
        #expect(Policy.phi(0.5).description == "phi=0.5")
    }
    @Test(arguments: ["phi=0", "phi=-1", "phi=nan", "phi=inf", "phi=1000001", "phi=", "phi= 8", "phi=8x", "phi=8=8"])
    func `with a wrong number is refused`(text: String) {
        let error = #expect(throws: InvalidPolicy.self) { try Policy(parsing: text) }
        #expect(
            error?.description
                == "policy \"\(text)\" cannot be used: phi must be a number above 0 and at most 1000000; write for example 'phi=8'"
        )
    }
    @Test(arguments: [
        ("", "it has no '='"), ("8", "it has no '='"), ("φ=8", "'φ' is not a policy known here"),
        ("=8", "'' is not a policy known here"), ("price=1000", "'price' is not a policy known here"),
    ])
    func `of another kind is refused with the reason`(text: String, reason: String) {
        let error = #expect(throws: InvalidPolicy.self) { try Policy(parsing: text) }
        #expect(error?.reason == reason)
    }
}
