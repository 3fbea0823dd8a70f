import EventLoop
import SocketTestSupport
import ZeroMQ

struct TimedOut: Error {}

/// Waits for the next message and returns its frames.
func nextMessage(from socket: borrowing Socket, maximumFrames: Int = 16) throws -> [[UInt8]] {
    var poller = Poller()
    poller.add(socket)
    while true {
        if let frames = try socket.receiveMultipart(maximumFrames: maximumFrames) { return frames }
        guard try poller.wait(timeoutMilliseconds: eventTimeout) > 0 else { throw TimedOut() }
    }
}

/// Waits for the next event of a kind, skips all others, and returns its value and endpoint.
func next(
    _ wanted: Monitor.Events, from monitor: borrowing Monitor
) throws -> (value: Int32, endpoint: Endpoint) {
    var poller = Poller()
    poller.add(monitor)
    while true {
        while let (event, value, endpoint) = try monitor.next() {
            if event == wanted { return (value, endpoint) }
        }
        guard try poller.wait(timeoutMilliseconds: eventTimeout) > 0 else { throw TimedOut() }
    }
}

/// Closes a monitor now. Without this, the compiler may close it any time after its last use.
func drop(_ monitor: consuming Monitor) {}
