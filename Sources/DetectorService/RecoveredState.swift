import Configuration
import EventLoop
import HeartbeatProtocol
import Logging
import PhiAccrual
import StateStore

/// What the service finds when it starts: the state store and its contents, or nothing.
struct RecoveredState {
    let store: StoreWriter?
    private let kept: (store: StateStore, found: StoreContents)?

    /// Opens the state store, if one is configured.
    ///
    /// - Throws: `StoreError`, unless the disk is at fault: then the service runs without a state store, and reports
    ///   that.
    init(of configuration: ServiceConfiguration, logger: Logger) throws(StoreError) {
        guard let folder = configuration.state else {
            (store, kept) = (nil, nil)
            return
        }
        do {
            let kept = try StateStore.open(
                in: folder, keeping: configuration.limits.events, at: Self.unixMilliseconds)
            for warning in kept.found.warnings { logger.warning("\(warning)") }
            (store, self.kept) = (StoreWriter(kept.store, in: folder), kept)
        } catch {
            guard case .lost = error else { throw error }
            (store, kept) = (StoreWriter(lost: error, in: folder), nil)
        }
    }

    private static var unixMilliseconds: UInt64 { UInt64(max(0, WallClock.now / 1_000_000)) }

    /// The log of the earlier run, or a new one.
    func log(of configuration: ServiceConfiguration) -> EventLog {
        let capacity = configuration.limits.events
        return kept.map { EventLog($0.found, levels: configuration.levels.map(\.name), capacity: capacity) }
            ?? EventLog(epoch: Self.unixMilliseconds, capacity: capacity)
    }

    /// The first notices: the end of each hold that was open when the earlier run ended.
    var notices: [ServiceNotice] {
        var open: Set<String?> = []
        // A hold is short, so its beginning is among the latest events.
        let notices = kept?.found.events.filter { $0.verdict == nil && $0.topic.names.node == nil } ?? []
        for event in notices.suffix(1000) {
            guard case .notice(let notice)? = try? EventMessage(event), notice.kind == .hold
            else { continue }
            if notice.code == HoldChange.Phase.begins.rawValue {
                open.insert(notice.group)
            } else {
                open.remove(notice.group)
            }
        }
        return open.sorted { $0 ?? "" < $1 ?? "" }.map { .holdReleased(group: $0) }
    }

    /// The configured policies with the tuned ones. Removes tunings that no longer apply.
    func policies<Model: ArrivalModel>(
        over configured: PolicyTable, for model: Model.Type, logger: Logger
    ) -> PolicyTable {
        guard let kept else { return configured }
        let (policies, dropped) = kept.found.policies(over: configured, for: model)
        for tuning in dropped {
            logger.warning(
                "tuned policy dropped: the level no longer exists, or the detector cannot apply the policy",
                metadata: ["level": "\(tuning.level)", "policy": "\(tuning.policy)", "scope": "\(tuning.scope)"])
        }
        forget(dropped.map { .tuning(level: $0.level, $0.scope, nil) })
        return policies
    }

    /// Restores the nodes of the earlier run into a new detector.
    ///
    /// - Returns: Nodes without learned state, and the events to publish.
    func restore<Model: ArrivalModel>(
        into detector: inout Detector<Model>, of shard: Shard, joinWithin: Duration, reconnection: Duration,
        clocks: ServiceClocks, logger: Logger
    ) -> (unpersisted: [NodeKey], events: [Event]) {
        guard let kept else { return ([], []) }
        let now = MonotonicClock.now
        let deadlines = NodeRecovery.RejoinDeadlines(
            now: now, soonest: now + reconnection, latest: now + max(reconnection, joinWithin))
        let nodes = NodeRecovery(kept.found, levels: detector.levels)
        let result = nodes.restore(
            into: &detector, of: shard, from: kept.store, deadlines, civilOffset: clocks.civilOffset, logger: logger)
        forget(result.obsoleteChanges)
        logger.info(
            "state restored",
            metadata: [
                "nodes": "\(detector.nodeCount)", "epoch": "\(kept.found.epoch)", "event": "\(kept.found.lastSequence)",
                "seconds": "\((MonotonicClock.now - now).nanoseconds.seconds)",
            ])
        return (result.unpersisted, result.events)
    }

    private func forget(_ changes: [StoreChange]) {
        // If this fails, so does the next write to the state store, which is reported.
        try? kept?.store.append([], changes)
    }
}
