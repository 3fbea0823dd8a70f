import ZeroMQ

/// How long a test waits for an event that is certain to happen, in milliseconds. Only a failing test waits this long.
public let eventTimeout = 20_000

/// Closes a socket now. Without this, the compiler may close it any time after its last use.
public func drop(_ socket: consuming Socket) {}

/// A PUSH and a PULL that are connected.
public struct Pipeline: ~Copyable {
    public let push: Socket
    public let pull: Socket

    /// - Parameter queue: Capacity of each side's queue, in messages.
    public init(queue: Int32 = 1000, in context: Context) throws {
        let push = try Socket(.push, in: context)
        let pull = try Socket(.pull, in: context)
        try push.set(.sendHighWaterMark, to: queue)
        try pull.set(.receiveHighWaterMark, to: queue)
        try pull.bind(to: "inproc://pipeline")
        try push.connect(to: "inproc://pipeline")
        self.push = push
        self.pull = pull
    }
}
