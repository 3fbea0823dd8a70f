import Testing
import ZeroMQ

/// An XPUB, and a SUB whose subscription is in effect.
struct Subscription: ~Copyable {
    let publisher: Socket
    let subscriber: Socket

    init(_ endpoint: Endpoint = "inproc://feed", prefix: [UInt8] = [], in context: Context) throws {
        let publisher = try Socket(.xpublish, in: context)
        let subscriber = try Socket(.subscribe, in: context)
        try publisher.bind(to: endpoint)
        try subscriber.subscribe(to: prefix)
        try subscriber.connect(to: publisher.lastEndpoint())
        #expect(try nextMessage(from: publisher) == [[1] + prefix])
        self.publisher = publisher
        self.subscriber = subscriber
    }
}
