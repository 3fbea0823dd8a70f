import CZeroMQ
import Platform

/// A ZeroMQ socket, closed when its single owner releases it.
///
/// libzmq sockets are not thread safe. `Socket` is neither copyable nor `Sendable`, so sharing one
/// between threads does not compile; moving it, with `sending`, does.
///
/// No call waits. A poller (module EventLoop) waits, for any number of sockets at once. Signals never end a call. Once the context is
/// shut down, every call throws an error that `isTerminated`.
public struct Socket: ~Copyable {
    package let handle: SocketHandle

    /// - Throws: `open` with `EMFILE` at the context's limit on sockets or the system's limit on files.
    public init(_ kind: Kind, in context: Context) throws(ZeroMQError) {
        handle = try SocketHandle(kind, in: context)
    }

    deinit { handle.close() }

    /// Accepts peers at an endpoint. `lastEndpoint()` returns it with the port that libzmq chose.
    ///
    /// - Throws: `bind` with the endpoint, if it is malformed, in use, or not on this machine.
    public borrowing func bind(to endpoint: Endpoint) throws(ZeroMQError) {
        if let code = LocalEndpoint.refusal(of: endpoint.address) {
            throw ZeroMQError(code: code, operation: .bind, subject: endpoint.address)
        }
        try call(.bind, endpoint.address) { zmq_bind($0, $1) }
    }

    /// Connects in the background, and reconnects as long as the socket lives. The peer need not exist yet.
    ///
    /// - Throws: `connect` with the endpoint, if it is malformed. A host that does not resolve is not an error.
    public borrowing func connect(to endpoint: Endpoint) throws(ZeroMQError) {
        try call(.connect, endpoint.address) { zmq_connect($0, $1) }
    }

    /// The endpoint last bound or connected to, with wildcard ports resolved; empty before the first.
    public borrowing func lastEndpoint() throws(ZeroMQError) -> Endpoint {
        var text = [UInt8](repeating: 0, count: 1024)  // longer than any transport accepts
        var count = text.count
        let result = uninterrupted { zmq_getsockopt(handle.pointer, ZMQ_LAST_ENDPOINT, &text, &count) }
        if result < 0 { throw ZeroMQError(code: -result, operation: .getOption, subject: "ZMQ_LAST_ENDPOINT") }
        return Endpoint(String(decoding: text.prefix { $0 != 0 }, as: UTF8.self))
    }

    private borrowing func call(
        _ operation: ZeroMQError.Operation, _ address: String,
        _ function: (UnsafeMutableRawPointer, UnsafePointer<CChar>) -> Int32
    ) throws(ZeroMQError) {
        guard isReadAsWritten(address) else {
            throw ZeroMQError(code: EINVAL, operation: operation, subject: address)
        }
        let result = address.withCString { text in uninterrupted { function(handle.pointer, text) } }
        if result < 0 { throw ZeroMQError(code: -result, operation: operation, subject: address) }
    }
}

extension Socket {
    /// The type of a socket. Names are ZeroMQ's, spelled out.
    public enum Kind: Hashable, Sendable, CaseIterable {
        case pair, publish, subscribe, request, reply, dealer, router, pull, push, xpublish, xsubscribe

        var number: Int32 {
            switch self {
            case .pair: ZMQ_PAIR
            case .publish: ZMQ_PUB
            case .subscribe: ZMQ_SUB
            case .request: ZMQ_REQ
            case .reply: ZMQ_REP
            case .dealer: ZMQ_DEALER
            case .router: ZMQ_ROUTER
            case .pull: ZMQ_PULL
            case .push: ZMQ_PUSH
            case .xpublish: ZMQ_XPUB
            case .xsubscribe: ZMQ_XSUB
            }
        }
    }
}

/// Whether libzmq parses an address as it is written.
///
/// libzmq stops at a NUL. Version 4.3.4 reads a port up to the first character that is not a digit, modulo 65,536: it
/// would bind `tcp://*:77l0` to port 77, and `tcp://*:99999` to port 34463.
private func isReadAsWritten(_ address: String) -> Bool {
    if address.utf8.contains(0) { return false }
    guard address.hasPrefix("tcp://") else { return true }
    let port = address.split(separator: ":", omittingEmptySubsequences: false).last ?? ""
    return port == "*" || port.utf8.allSatisfy { 48...57 ~= $0 } && UInt16(port) != nil
}
