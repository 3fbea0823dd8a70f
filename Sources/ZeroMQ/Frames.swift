import CZeroMQ
import Platform

/// Sending and receiving. A message is one or more frames, which arrive together or not at all.
extension Socket {
    /// Sends a frame without waiting.
    ///
    /// - Parameter more: Whether more frames of the same message follow. The message leaves with its last frame, so a
    ///   caller that passes `true` must also send that frame.
    /// - Returns: False if the frame was not sent: the queue is full, there is no peer (`EAGAIN`), or, on a router with
    ///   `.routerMandatory`, the addressed peer is gone (`EHOSTUNREACH`). A publisher always returns true: it drops the
    ///   message for subscribers whose queue is full.
    @discardableResult
    public borrowing func send(_ bytes: UnsafeRawBufferPointer, more: Bool = false) throws(ZeroMQError) -> Bool {
        try wasSent(give(bytes, more: more))
    }

    /// `send(_:more:)` for an array.
    @discardableResult
    public borrowing func send(_ bytes: [UInt8], more: Bool = false) throws(ZeroMQError) -> Bool {
        try wasSent(bytes.withUnsafeBytes { give($0, more: more) })
    }

    /// - Returns: The result of `uninterrupted(_:)`.
    private borrowing func give(_ bytes: UnsafeRawBufferPointer, more: Bool) -> Int32 {
        let flags = more ? ZMQ_DONTWAIT | ZMQ_SNDMORE : ZMQ_DONTWAIT
        return uninterrupted { zmq_send(handle.pointer, bytes.baseAddress, bytes.count, flags) }
    }

    private borrowing func wasSent(_ result: Int32) throws(ZeroMQError) -> Bool {
        switch result {
        case 0...: return true
        case -EAGAIN, -EHOSTUNREACH: return false
        default: throw ZeroMQError(code: -result, operation: .send)
        }
    }

    /// Sends one message of several frames without waiting, all or nothing.
    ///
    /// - Returns: False if the message was not sent, as for a single frame.
    @discardableResult
    public borrowing func send(_ frames: [[UInt8]]) throws(ZeroMQError) -> Bool {
        precondition(!frames.isEmpty, "a message has at least one frame")
        guard try send(frames[0], more: frames.count > 1) else { return false }
        var isWhole = true
        for index in frames.indices.dropFirst() {
            // A later frame fails only if the peer vanishes between two frames. libzmq then drops the whole message,
            // but it must still receive the rest, or it would drop the beginning of the next message.
            isWhole = try send(frames[index], more: index < frames.count - 1) && isWhole
        }
        return isWhole
    }

    /// Receives the next frame without waiting. This is the cheapest way to receive: it copies and allocates nothing.
    ///
    /// While `message.hasMore`, the next call receives the next frame of the same message, which is always there.
    ///
    /// - Parameter message: Overwritten; reuse one for as long as the socket lives.
    /// - Returns: False if no frame is waiting; the content of `message` is then undefined.
    public borrowing func receive(into message: inout Message) throws(ZeroMQError) -> Bool {
        let storage = message.storage
        let result = uninterrupted { zmq_msg_recv(storage, handle.pointer, ZMQ_DONTWAIT) }
        switch result {
        case 0...: return true
        case -EAGAIN: return false
        default: throw ZeroMQError(code: -result, operation: .receive)
        }
    }

    /// Receives all frames of the next message without waiting.
    ///
    /// - Parameter maximumFrames: A message with more frames is read to its end and dropped. libzmq itself sets no
    ///   limit, and a message without its last frames is not what the sender meant.
    /// - Returns: Nil if no message is waiting; `[]` if the message had too many frames. No real message has zero
    ///   frames, so a reader that expects a number of frames needs no further case.
    public borrowing func receiveMultipart(maximumFrames: Int = 16) throws(ZeroMQError) -> [[UInt8]]? {
        var message = Message()
        guard try receive(into: &message) else { return nil }
        var frames = [message.bytes]
        var count = 1
        while message.hasMore {
            guard try receive(into: &message) else { throw ZeroMQError(code: EAGAIN, operation: .receive) }
            count += 1
            if count <= maximumFrames { frames.append(message.bytes) }
        }
        return count <= maximumFrames ? frames : []
    }
}

extension Socket {
    /// Subscribes to the messages whose first frame begins with `prefix`; an empty prefix matches all messages.
    ///
    /// Subscriptions are counted: each needs its own `unsubscribe(from:)`. They reach a publisher some time after it is
    /// connected, and only messages published after that are received.
    public borrowing func subscribe(to prefix: [UInt8]) throws(ZeroMQError) {
        try change(ZMQ_SUBSCRIBE, prefix, .subscribe)
    }

    /// - Throws: `unsubscribe` with `EINVAL` on a socket that is not a subscriber.
    public borrowing func unsubscribe(from prefix: [UInt8]) throws(ZeroMQError) {
        try change(ZMQ_UNSUBSCRIBE, prefix, .unsubscribe)
    }

    private borrowing func change(
        _ option: Int32, _ prefix: [UInt8], _ operation: ZeroMQError.Operation
    ) throws(ZeroMQError) {
        let result = uninterrupted { zmq_setsockopt(handle.pointer, option, prefix, prefix.count) }
        if result < 0 { throw ZeroMQError(code: -result, operation: operation) }
    }
}
