import Foundation
import Testing
import ZeroMQ

@Suite(.timeLimit(.minutes(1))) struct `An error` {
    let context: Context

    init() throws { context = try Context() }

    @Test func `protects a file that is no socket, and a socket in use`() throws {
        let folder = URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent(
            "phi-\(UInt32.random(in: 0...(.max)))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("precious").path
        try Data("text".utf8).write(to: URL(fileURLWithPath: file))
        let first = try Socket(.publish, in: context)
        let second = try Socket(.publish, in: context)
        #expect(throws: ZeroMQError.self) { try first.bind(to: "ipc://\(file)") }
        #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == Data("text".utf8))
        let place: Endpoint = "ipc://\(folder.appendingPathComponent("socket").path)"
        try first.bind(to: place)
        let error = #expect(throws: ZeroMQError.self) { try second.bind(to: place) }
        #expect(error?.code == EADDRINUSE)
    }
    @Test func `reports that a port is in use`() throws {
        let first = try Socket(.publish, in: context)
        let second = try Socket(.publish, in: context)
        try first.bind(to: "tcp://127.0.0.1:*")
        let endpoint = try first.lastEndpoint()
        let error = #expect(throws: ZeroMQError.self) { try second.bind(to: endpoint) }
        #expect(error?.code == EADDRINUSE)
        #expect(error?.operation == .bind)
        #expect(error?.subject == endpoint.address)
        #expect(error?.isTerminated == false)
        #expect(error?.description == "cannot bind \(endpoint): the address is already in use")
    }

    static let notAnEndpoint =
        "not an endpoint; use for example tcp://127.0.0.1:7710, tcp://*:7710, or ipc:///run/phi.sock"

    @Test(arguments: [
        ("tcp://foo", "cannot bind tcp://foo: \(notAnEndpoint)"),
        ("", "cannot bind : \(notAnEndpoint)"),
        ("tcp://127.0.0.1:99999", "cannot bind tcp://127.0.0.1:99999: \(notAnEndpoint)"),
        ("tcp://127.0.0.1:77l0", "cannot bind tcp://127.0.0.1:77l0: \(notAnEndpoint)"),
        ("tcp://127.0.0.1:-1", "cannot bind tcp://127.0.0.1:-1: \(notAnEndpoint)"),
        ("tcp://*:", "cannot bind tcp://*:: \(notAnEndpoint)"),
        ("127.0.0.1:7710", "cannot bind 127.0.0.1:7710: \(notAnEndpoint)"),
        ("tcp://127.0.0.1:7710\0.example.org", "cannot bind tcp://127.0.0.1:7710\\0.example.org: \(notAnEndpoint)"),
        ("carrier://pigeon", "cannot bind carrier://pigeon: unknown transport; use tcp://, ipc://, or inproc://"),
        ("tcp://192.0.2.1:7710", "cannot bind tcp://192.0.2.1:7710: no such interface or address on this machine"),
        ("tcp://nowhere0:7710", "cannot bind tcp://nowhere0:7710: no such interface or address on this machine"),
        ("ipc:///no/such/folder/a", "cannot bind ipc:///no/such/folder/a: no such folder"),
        (
            "ipc:///" + String(repeating: "a", count: 108),
            "cannot bind ipc:///\(String(repeating: "a", count: 108)): the path is too long for a socket"
        ),
    ]) func `explains what is wrong with an endpoint`(address: String, sentence: String) throws {
        let socket = try Socket(.publish, in: context)
        let error = #expect(throws: ZeroMQError.self) { try socket.bind(to: Endpoint(address)) }
        #expect(error?.description == sentence)
    }

    @Test func `names the endpoint of a failed connect`() throws {
        let socket = try Socket(.subscribe, in: context)
        let malformed = #expect(throws: ZeroMQError.self) { try socket.connect(to: "tcp://foo") }
        #expect(malformed?.description == "cannot connect to tcp://foo: \(Self.notAnEndpoint)")
        let cut = #expect(throws: ZeroMQError.self) { try socket.connect(to: "inproc://a\0b") }
        #expect(cut?.code == EINVAL)
    }

    @Test func `names the option, its value, and its valid values`() throws {
        let socket = try Socket(.subscribe, in: context)
        let number = #expect(throws: ZeroMQError.self) { try socket.set(.sendHighWaterMark, to: -5) }
        #expect(
            number?.description
                == "cannot set ZMQ_SNDHWM to -5: invalid value; valid values: 0 (no limit), or a number of messages")
        let key = #expect(throws: ZeroMQError.self) { try socket.set(.curveSecretKey, to: [1, 2, 3]) }
        #expect(key?.description == "cannot set ZMQ_CURVE_SECRETKEY to 3 bytes: invalid value; valid values: 32 bytes")
        let size = #expect(throws: ZeroMQError.self) { try socket.setMaximumMessageSize(-2) }
        #expect(size?.subject == "ZMQ_MAXMSGSIZE to -2")
    }

    @Test func `passes on unknown codes`() {
        let error = ZeroMQError(code: ENOSPC, operation: .send)
        #expect(error.description == "cannot send: No space left on device")
        #expect(ZeroMQError(code: -123_456, operation: .poll).description.hasPrefix("cannot wait for sockets: "))
    }

    @Test func `is thrown for an operation that the socket does not support`() throws {
        let publisher = try Socket(.publish, in: context)
        #expect(throws: ZeroMQError(code: EINVAL, operation: .subscribe)) { try publisher.subscribe(to: []) }
        #expect(throws: ZeroMQError(code: ENOTSUP, operation: .receive)) { try publisher.receiveMultipart() }
        let subscriber = try Socket(.subscribe, in: context)
        #expect(throws: ZeroMQError(code: ENOTSUP, operation: .send)) { try subscriber.send([1]) }
    }
}

@Suite(.timeLimit(.minutes(1))) struct `Every option` {
    @Test(
        arguments: [
            (Socket.Option.receiveHighWaterMark, 32), (.sendHighWaterMark, 4), (.linger, 500), (.immediate, 1),
            (.reconnectInterval, 100), (.reconnectIntervalMaximum, 5000), (.backlog, 4096),
            (.handshakeInterval, 2000), (.tcpKeepalive, 1), (.tcpKeepaliveIdle, 10),
            (.tcpKeepaliveInterval, 5), (.tcpKeepaliveCount, 3), (.tcpMaximumRetransmitTime, 10_000),
            (.routerMandatory, 1),
            (.curveServer, 1), (.zapEnforceDomain, 1),
        ] as [(Socket.Option, Int32)]) func `can be set on a router`(option: Socket.Option, value: Int32) throws
    {
        let router = try Socket(.router, in: Context())
        try router.set(option, to: value)
    }

    @Test(arguments: [
        (Socket.Option.routingID, 8), (.curvePublicKey, 32), (.curveSecretKey, 32), (.curveServerKey, 32),
        (.zapDomain, 6),
    ]) func `of bytes can be set on a dealer`(option: Socket.Option, count: Int) throws {
        let dealer = try Socket(.dealer, in: Context())
        try dealer.set(option, to: [UInt8](repeating: 65, count: count))
    }

    @Test func `of an XPUB can be set on one`() throws {
        let publisher = try Socket(.xpublish, in: Context())
        try publisher.set(.xpublishVerbose, to: 1)
    }
}
