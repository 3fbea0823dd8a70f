import CZeroMQ
import Platform

/// What failed, and why.
public struct ZeroMQError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The failed operation. The raw value completes a sentence that begins with “cannot”.
    public enum Operation: String, Sendable {
        case createContext = "create a ZeroMQ context"
        case open = "open a socket"
        case bind = "bind"
        case connect = "connect to"
        case setOption = "set"
        case getOption = "read"
        case subscribe = "subscribe"
        case unsubscribe = "unsubscribe"
        case send = "send"
        case receive = "receive"
        case poll = "wait for sockets"
        case monitor = "monitor a socket"
        case createWakeUp = "create a pipe"
        case startThread = "start thread"
    }

    public let code: Int32  // errno as returned by libzmq, known to this module or not
    public let operation: Operation
    public let subject: String?  // endpoint, option with its value, or thread, if there is one
    public let advice: String?  // what is valid, if only the caller of `init` knows it

    public init(code: Int32, operation: Operation, subject: String? = nil, advice: String? = nil) {
        (self.code, self.operation, self.subject, self.advice) = (code, operation, subject, advice)
    }

    /// Whether the context was shut down or the socket closed: no later call on it can succeed.
    public var isTerminated: Bool { code == zmqTerminated || code == ENOTSOCK }

    /// One sentence without a full stop: the operation, its object, the reason, and what is valid.
    public var description: String {
        let tried = subject.map { "\(operation.rawValue) \(printable($0))" } ?? operation.rawValue
        return "cannot \(tried): \(advice.map { "\(reason); \($0)" } ?? reason)"
    }

    private var reason: String {
        switch (code, operation) {
        case (zmqTerminated, _): "the context was shut down"
        case (ENOTSOCK, _): "the socket was closed"
        case (EINVAL, .bind), (EINVAL, .connect):
            "not an endpoint; use for example tcp://127.0.0.1:7710, tcp://*:7710, or ipc:///run/phi.sock"
        case (EADDRINUSE, .bind): "the address is already in use"
        case (EEXIST, .bind): "a file with this name exists and is not a socket"
        case (EADDRNOTAVAIL, .bind), (ENODEV, .bind): "no such interface or address on this machine"
        case (EACCES, .bind): "permission denied; use port 1024 or higher, or a writable folder"
        case (ENOENT, .bind): "no such folder"
        case (ENAMETOOLONG, .bind), (ENAMETOOLONG, .connect): "the path is too long for a socket"
        case (EPROTONOSUPPORT, _): "unknown transport; use tcp://, ipc://, or inproc://"
        case (zmqIncompatible, _): "this kind of socket cannot use that transport"
        case (EMFILE, .open), (EMFILE, .monitor):
            "too many sockets or open files; raise the limit on open files (ulimit -n)"
        case (EINVAL, .setOption): "invalid value"
        case (EAGAIN, .startThread): "the system's limit on threads is reached"
        default: String(cString: zmq_strerror(code))
        }
    }
}

let zmqTerminated = Int32(ETERM)
private let zmqIncompatible = Int32(ENOCOMPATPROTO)

/// Calls libzmq, and repeats the call as long as signals interrupt it.
///
/// - Returns: The result, or, if the call failed, the negated errno, read before anything else could overwrite it.
@inline(__always) package func uninterrupted(_ call: () -> Int32) -> Int32 {
    while true {
        let result = call()
        guard result < 0 else { return result }
        let code = zmq_errno()
        if code != EINTR { return -code }
    }
}

/// Escapes control characters: an endpoint may come from anywhere, and the sentence goes to a terminal.
private func printable(_ text: String) -> String {
    text.unicodeScalars.map { scalar in
        scalar.properties.generalCategory == .control ? scalar.escaped(asASCII: true) : String(scalar)
    }.joined()
}
