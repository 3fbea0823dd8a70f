import SocketTestSupport
import Testing
import ZeroMQ

@Suite(.timeLimit(.minutes(1))) struct `A monitor` {
    let context: Context

    init() throws { context = try Context() }

    @Test func `reports connections at both ends, and disconnections`() throws {
        let server = try Socket(.subscribe, in: context)
        let client = try Socket(.publish, in: context)
        let accepting = try Monitor(of: server, events: [.accepted, .handshakeSucceeded, .disconnected], in: context)
        let connecting = try Monitor(of: client, events: [.connected], in: context)
        try server.bind(to: "tcp://127.0.0.1:*")
        let endpoint = try server.lastEndpoint()
        try client.connect(to: endpoint)

        let (_, connected) = try next(.connected, from: connecting)
        #expect(connected == endpoint)
        let (descriptor, accepted) = try next(.accepted, from: accepting)
        #expect(accepted == endpoint && descriptor >= 0)
        _ = try next(.handshakeSucceeded, from: accepting)
        drop(client)
        let (lost, _) = try next(.disconnected, from: accepting)
        #expect(lost == descriptor)
        #expect(try accepting.next() == nil)
    }

    @Test func `reports only the requested events`() throws {
        let server = try Socket(.pull, in: context)
        let monitor = try Monitor(of: server, events: [.listening], in: context)
        try server.bind(to: "tcp://127.0.0.1:*")
        let (_, endpoint) = try next(.listening, from: monitor)
        #expect(try endpoint == server.lastEndpoint())
        #expect(try monitor.next() == nil)
    }

    @Test func `buffers events without limit before they are read`() throws {
        let server = try Socket(.pull, in: context)
        let monitor = try Monitor(of: server, events: [.accepted, .disconnected], in: context)
        try server.bind(to: "tcp://127.0.0.1:*")
        let endpoint = try server.lastEndpoint()
        for _ in 0..<1500 {  // two events each: more than 2000, libzmq's default queue length of a pair
            let client = try Socket(.push, in: context)
            let watch = try Monitor(of: client, events: [.handshakeSucceeded], in: context)
            try client.connect(to: endpoint)
            _ = try next(.handshakeSucceeded, from: watch)
        }
        for _ in 0..<1500 { _ = try next(.disconnected, from: monitor) }
    }

    // libzmq's I/O thread sends events with a blocking call. If the reader closed while the socket still reports to it,
    // the thread would block forever: no messages, no connections, and the context could not end.
    @Test func `that is closed leaves its socket working`() throws {
        let server = try Socket(.pull, in: context)
        drop(try Monitor(of: server, events: .all, in: context))
        try server.bind(to: "tcp://127.0.0.1:*")
        for number: UInt8 in 0..<5 {
            let client = try Socket(.push, in: context)
            try client.connect(to: server.lastEndpoint())
            try client.set(.linger, to: 1000)
            try client.send([number])
            #expect(try nextMessage(from: server) == [[number]])
        }
        let again = try Monitor(of: server, events: [.accepted], in: context)
        let client = try Socket(.push, in: context)
        try client.connect(to: server.lastEndpoint())
        _ = try next(.accepted, from: again)
    }

    @Test func `outlives its socket`() throws {
        let server = try Socket(.pull, in: context)
        let client = try Socket(.push, in: context)
        let monitor = try Monitor(of: server, events: .all, in: context)
        try server.bind(to: "tcp://127.0.0.1:*")
        try client.connect(to: server.lastEndpoint())
        _ = try next(.handshakeSucceeded, from: monitor)
        drop(server)
        _ = try next(.monitorStopped, from: monitor)
        #expect(try monitor.next() == nil)
    }

    @Test(arguments: 0..<20) func `releases a context that was shut down first`(round: Int) throws {
        let server = try Socket(.pull, in: context)
        let client = try Socket(.push, in: context)
        let monitor = try Monitor(of: server, events: .all, in: context)
        let watch = try Monitor(of: client, events: .all, in: context)
        try server.bind(to: "tcp://127.0.0.1:*")
        try client.connect(to: server.lastEndpoint())
        if round.isMultiple(of: 2) { _ = try next(.accepted, from: monitor) }
        context.shutdown()
        if round.isMultiple(of: 3) { drop(server) }
        drop(watch)
        drop(monitor)
    }
}

extension Monitor.Events {
    static let all = Monitor.Events(rawValue: .max)
}
