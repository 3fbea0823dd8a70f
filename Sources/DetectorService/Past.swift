import HeartbeatProtocol
import Logging
import PhiAccrual
import ServiceMemory
import Settings
import SystemClocks

/// What a service finds when it starts: its memory with what is in it, or nothing.
struct Past {
    let memory: FeedMemory?
    private let kept: (memory: ServiceMemory, found: Recollection)?

    /// Opens the memory if there is to be one.
    ///
    /// - Throws: `MemoryError`, unless only the disk is at fault: then the service runs without a memory, and says so.
    init(of configuration: ServiceConfiguration, logger: Logger) throws(MemoryError) {
        guard let folder = configuration.state else {
            (memory, kept) = (nil, nil)
            return
        }
        do {
            let kept = try ServiceMemory.open(
                in: folder, keeping: configuration.limits.events, at: Self.unixMilliseconds)
            for remark in kept.found.remarks { logger.warning("\(remark)") }
            (memory, self.kept) = (FeedMemory(kept.memory, in: folder), kept)
        } catch {
            guard case .lost = error else { throw error }
            (memory, kept) = (FeedMemory(lost: error, in: folder), nil)
        }
    }

    private static var unixMilliseconds: UInt64 { UInt64(max(0, WallClock.now / 1_000_000)) }

    /// The log that was kept, or a new one.
    func log(of configuration: ServiceConfiguration) -> EventLog {
        let capacity = configuration.limits.events
        return kept.map { EventLog($0.found, levels: configuration.levels.map(\.name), capacity: capacity) }
            ?? EventLog(epoch: Self.unixMilliseconds, capacity: capacity)
    }

    /// What is to be told first: that holds are over which the end of the service left open.
    var notices: [ServiceNotice] {
        var open: Set<String?> = []
        // A hold is short, and so not far back.
        for event in kept?.found.events.filter({ $0.level == nil && $0.node == nil }).suffix(1000) ?? [] {
            guard case .notice(let notice)? = try? WireJSON.decode(EventMessage.self, from: event.json),
                notice.kind == .hold
            else { continue }
            if notice.code == HoldChange.Turn.begins.rawValue {
                open.insert(notice.group)
            } else {
                open.remove(notice.group)
            }
        }
        return open.sorted { $0 ?? "" < $1 ?? "" }.map { .holdOver(group: $0) }
    }

    /// Policies with those that were tuned. What cannot hold any more is forgotten.
    func policies<Model: ArrivalModel>(
        over configured: PolicyBook, for model: Model.Type, logger: Logger
    ) -> PolicyBook {
        guard let kept else { return configured }
        let (book, dropped) = kept.found.policies(over: configured, for: model)
        for tuning in dropped {
            logger.warning(
                "a tuned policy holds no longer: there is no such level, or the detector cannot follow it",
                metadata: ["level": "\(tuning.level)", "policy": "\(tuning.policy)", "for": "\(tuning.scope)"])
        }
        forget(dropped.map { .tuning(level: $0.level, $0.scope, nil) })
        return book
    }

    /// Has a new detector know what an earlier one knew, and heard last before now.
    ///
    /// - Returns: Nodes of which nothing is known but that they are, and what is to be told.
    func recall<Model: ArrivalModel>(
        into detector: inout Detector<Model>, of shard: Shard, joinWithin: Duration, reconnection: Duration,
        clocks: ServiceClocks, logger: Logger
    ) -> (unwritten: [NodeKey], events: [Event]) {
        guard let kept else { return ([], []) }
        let now = MonotonicClock.now
        let patience = KnownNodes.Patience(
            now: now, soonest: now + reconnection, latest: now + max(reconnection, joinWithin))
        let nodes = KnownNodes(kept.found, levels: detector.levels)
        let outcome = nodes.recall(
            into: &detector, of: shard, from: kept.memory, patience, civilOffset: clocks.civilOffset, logger: logger)
        forget(outcome.outdated)
        logger.info(
            "remembers",
            metadata: [
                "nodes": "\(detector.nodeCount)", "epoch": "\(kept.found.epoch)", "event": "\(kept.found.lastSequence)",
                "seconds": "\((MonotonicClock.now - now).nanoseconds.seconds)",
            ])
        return (outcome.unwritten, outcome.events)
    }

    private func forget(_ changes: [MemoryChange]) {
        // Should it fail, so will the first thing that is to be remembered, and that is told.
        try? kept?.memory.append([], changes)
    }
}
