import ZeroMQ

/// How long a test waits for an event that is certain to happen, in milliseconds. Only a failing test waits this long.
let eventTimeout = 20_000

/// Closes a socket now. Without this, the compiler may close it any time after its last use.
func drop(_ socket: consuming Socket) {}

/// A PUSH and a PULL that are connected.
struct Pipeline: ~Copyable {
    let push: Socket
    let pull: Socket

    init(in context: Context) throws {
        let push = try Socket(.push, in: context)
        let pull = try Socket(.pull, in: context)
        try pull.bind(to: "inproc://pipeline")
        try push.connect(to: "inproc://pipeline")
        self.push = push
        self.pull = pull
    }
}
