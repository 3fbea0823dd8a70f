import HeartbeatProtocol
import Logging
import PhiAccrual
import Platform

/// Counts problems by reason, and logs each reason at most once a minute: a flood of bad input must not become a flood
/// of log lines.
///
/// Inlinable, so that other modules get code for their type of reason.
@usableFromInline package struct RateLimitedLog<Reason: Hashable & Sendable> {
    @usableFromInline package internal(set) var counts: [Reason: Int64] = [:]
    @usableFromInline var lastLogged: [Reason: (at: Instant, count: Int64)] = [:]

    @inlinable package init() {}

    @inlinable package mutating func count(
        _ reason: Reason, times: Int64 = 1, at now: Instant, log: (_ sinceLast: Int64) -> Void
    ) {
        let count = counts[reason, default: 0] + times
        counts[reason] = count
        let last = lastLogged[reason]
        if let last, now - last.at < .seconds(60) { return }
        lastLogged[reason] = (now, count)
        log(count - (last?.count ?? 0))
    }
}

extension RateLimitedLog<Int32> {
    /// Counts a connection that could not be accepted, by the `errno` that says why.
    ///
    /// - Parameter alternative: What helps besides a higher limit on open files.
    package mutating func refused(for code: Int32, at now: Instant, alternative: String, logger: Logger) {
        count(code, at: now) { count in
            logger.warning(
                """
                cannot accept \(counted(count, "connection")); heartbeats of \(count == 1 ? "its" : "their") nodes \
                are not received
                """,
                metadata: [
                    "reason": "\(String(cString: strerror(code)))", "count": "\(count)",
                    "advice": "raise the limit on open files (ulimit -n), or \(alternative)",
                ])
        }
    }
}

extension RateLimitedLog<MalformedHeartbeat> {
    package mutating func dropped(for reason: MalformedHeartbeat, at now: Instant, logger: Logger) {
        count(reason, at: now) { count in
            logger.warning(
                "dropped \(counted(count, "message")) that \(count == 1 ? "is not a heartbeat" : "are not heartbeats")",
                metadata: ["reason": "\(reason.rawValue)", "count": "\(count)"])
        }
    }
}
