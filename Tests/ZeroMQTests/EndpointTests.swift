import Testing
import ZeroMQ

@Suite struct `An endpoint` {
    @Test func `is its address, without security unless stated`() {
        let port = 7710
        let endpoint: Endpoint = "tcp://127.0.0.1:\(port)"
        #expect(endpoint == Endpoint("tcp://127.0.0.1:7710", security: .none))
        #expect(endpoint != "tcp://127.0.0.1:7711")
        #expect("\(endpoint)" == "tcp://127.0.0.1:7710" && endpoint.address == "tcp://127.0.0.1:7710")
    }
}
