import BinaryCoding
import Configuration
import HeartbeatProtocol
import Logging
import PhiAccrual
import StateStore

/// Restores an earlier run's nodes into the detector of the next run.
///
/// Events are authoritative for verdicts, since subscribers know them. Learned state may be some seconds older.
struct NodeRecovery {
    private struct PublishedState {
        var identity: NodeIdentity
        var incarnation: UInt32 = 0
        var verdicts: [Verdict?]
        var last: UInt64 = 0
        /// The last published verdict at any level, including levels that no longer exist. Events come in their order.
        var lastVerdict: Verdict?
    }
    private let found: StoreContents
    private let levels: [Level]
    private var published: [NodeKey: PublishedState] = [:]

    init(_ found: StoreContents, levels: [Level]) {
        (self.found, self.levels) = (found, levels)
        for event in found.state {
            let names = event.topic.names
            guard let level = names.level, let verdict = event.verdict, let group = names.group, let name = names.node,
                let identity = try? NodeIdentity(group: group, name: name)
            else { continue }
            let key = NodeKey(of: identity)
            var node =
                published[key]
                ?? PublishedState(identity: identity, verdicts: Array(repeating: nil, count: levels.count))
            node.lastVerdict = verdict
            if let index = levels.firstIndex(where: { $0.name.utf8.elementsEqual(level.utf8) }) {
                node.verdicts[index] = verdict
                if event.sequence > node.last { (node.incarnation, node.last) = (event.incarnation, event.sequence) }
            }
            published[key] = node
        }
    }

    /// When nodes that are not heard are suspected.
    struct RejoinDeadlines {
        var now: Instant
        /// From when on nodes can be expected.
        var soonest: Instant
        /// By when nodes without learned state must be heard.
        var latest: Instant
    }

    struct Result {
        /// Changes that remove stored data without use from the state store.
        var obsoleteChanges: [StoreChange] = []
        /// Nodes without learned state, or with state that cannot be read.
        var unpersisted: [NodeKey] = []
        /// Number of nodes and groups whose stored state cannot be read. They start without it.
        var unread = 0
        /// Verdicts of restored nodes at levels that have not published them yet.
        var events: [Event] = []
    }

    /// Restores the nodes, what the detector learned of them and of their groups, and their pauses. Removes groups
    /// without nodes from the state store.
    ///
    /// - Parameters:
    ///   - shard: Nodes of other shards are forgotten, with an event: an earlier run had another shard.
    ///   - civilOffset: Offset from instants to civil time, in nanoseconds.
    consuming func restore<Model: ArrivalModel>(
        into detector: inout Detector<Model>, of shard: Shard, from store: StateStore, _ deadlines: RejoinDeadlines,
        civilOffset: Int64,
        logger: Logger
    ) -> Result {
        var (result, published) = (Result(), published)
        var groups: [String: StoredGroup] = [:]
        for group in found.groups { groups[group.group] = group }
        func restore(group name: String) {
            guard let group = groups.removeValue(forKey: name) else { return }
            guard Detector<Model>.canRead(group.model) else { return result.unread += 1 }
            do throws(CorruptData) { try detector.restore(group: name, bytes: group.state) } catch {
                result.unread += 1
            }
        }
        func restore(_ node: PublishedState, learned: StoredNode?) -> Bool {
            let key = NodeKey(of: node.identity)
            defer {
                // At once, so that the node takes up no capacity.
                if !shard.contains(key) {
                    detector.apply(.forgetting(key, at: deadlines.now), into: &result.events)
                    result.obsoleteChanges.append(.forgetting(key))
                }
            }
            restore(group: node.identity.group)
            let lastHeard = learned?.lastArrival ?? 0
            return detector.restore(
                node.identity, key: key, bytes: learned?.state, version: learned?.model ?? "", verdicts: node.verdicts,
                last: node.lastVerdict, incarnation: node.incarnation,
                lastHeard: lastHeard > 0 ? Instant(nanoseconds: lastHeard.subtractingSaturated(civilOffset)) : nil,
                soonest: deadlines.soonest, latest: deadlines.latest, at: deadlines.now, into: &result.events)
        }
        restore(group: "")  // for nodes whose names are not known yet
        do throws(StoreError) {
            result.unread += try store.forEachStoredNode { learned in
                // A new log does not have events of all nodes yet. A forgotten node is forgotten in the state store as
                // well.
                let unpublished = learned.identity.map { PublishedState(identity: $0, verdicts: []) }
                guard let node = published.removeValue(forKey: learned.key) ?? unpublished else {
                    return result.obsoleteChanges.append(.forgetting(learned.key))
                }
                if !restore(node, learned: learned) {
                    result.unpersisted.append(learned.key)
                    result.unread += 1
                }
            }
        } catch {
            logger.error("cannot read learned state; its nodes start without it: \(error)")
        }
        for node in published.values.sorted(by: { $0.last < $1.last }) where node.last > 0 {
            _ = restore(node, learned: nil)
            result.unpersisted.append(NodeKey(of: node.identity))
        }
        // If this fails, so does the next write to the state store, which is reported.
        for group in groups.keys { try? store.forget(group: group) }
        if result.unread > 0 {
            let unread = counted(result.unread, "node or group", plural: "nodes and groups")
            logger.warning(
                "learned state of \(unread) not restored; continuing without it",
                metadata: ["count": "\(result.unread)"])
        }
        for pause in found.pauses {
            guard detector.knows(pause.key) else {
                result.obsoleteChanges.append(.resumption(pause.key))
                continue
            }
            let until = Instant(nanoseconds: pause.until.subtractingSaturated(civilOffset))
            detector.restore(Pause(until: until, reason: pause.reason), of: pause.key)
        }
        return result
    }
}

extension StoreContents {
    /// The configured policies with the tuned ones, and the tunings that no longer apply.
    func policies<Model: ArrivalModel>(
        over configured: PolicyTable, for model: Model.Type
    ) -> (policies: PolicyTable, dropped: [Tuning]) {
        var (policies, dropped) = (configured, [Tuning]())
        for tuning in tunings {
            var tuned = policies
            guard Model.refusal(of: tuning.policy) == nil, let level = policies.level(named: tuning.level) else {
                dropped.append(tuning)
                continue
            }
            tuned.set(tuning.policy, level: level, from: Origin(.tune, for: tuning.scope))
            if tuned.isTooLarge { dropped.append(tuning) } else { policies = tuned }
        }
        return (policies, dropped)
    }
}
