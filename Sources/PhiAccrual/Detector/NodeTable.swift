import BinaryCoding

/// The nodes that a detector watches: which slot a key has, which slots are free, which group each node is in, and where
/// the state of a slot and a level lies. Nothing else decides any of these.
///
/// A slot is an index into dense arrays: a record that every heartbeat reads and writes, a model, state that is rarely
/// needed, and state per level. `Detector` changes them in place. Only this table adds and frees slots.
struct NodeTable<Model: ArrivalModel>: Sendable {
    private let capacity: Int
    private var keys: KeyTable
    private var vacant: [Int] = []  // the next one to use is last
    private var records: [WatchedNode] = []
    private var levelStates: LevelTable<Model.LevelState>
    var models = SlotArray<Model>()
    var coldStates = SlotArray<NodeColdState>()
    private(set) var groups: GroupTable<Model.GroupState>
    // Last, because its size depends on the model: code that is not specialised finds what comes before without looking up
    // the layout at each call.
    private let parameters: Model.Parameters

    /// - Parameter groups: Nil before any node of any group was heard.
    init(
        levels: Int, capacity: Int, seed: UInt64, parameters: Model.Parameters,
        groups: GroupTable<Model.GroupState>? = nil
    ) {
        self.capacity = capacity
        self.parameters = parameters
        keys = KeyTable(seed: seed)
        levelStates = LevelTable(levels: levels)
        self.groups = groups ?? GroupTable(fresh: Model.makeGroupState(parameters))
    }

    // A function that does not change the table is inlined, or the table would be copied for the call.

    /// Number of nodes.
    @inline(__always) var count: Int { keys.count }
    @inline(__always) var isFull: Bool { count >= capacity }
    /// All slots, with those that are free.
    @inline(__always) var slots: Range<Int> { records.indices }

    @inline(__always) func slot(of key: NodeKey) -> Int? { keys[key.rawValue] }
    @inline(__always) func isInUse(_ slot: Int) -> Bool { keys[records[slot].key] == slot }

    @inline(__always) subscript(slot: Int) -> WatchedNode {
        @inline(__always) _read { yield records[slot] }
        @inline(__always) _modify { yield &records[slot] }
    }
    @inline(__always) subscript(slot: Int, level: Int) -> Model.LevelState {
        @inline(__always) _read { yield levelStates[slot, level] }
        @inline(__always) _modify { yield &levelStates[slot, level] }
    }

    // MARK: Slots

    /// Gives a new node the slot that was freed last, or a new slot if none is free. It is in group 0, and its levels are
    /// in the initial state of plan 0.
    ///
    /// - Precondition: The key is unknown.
    /// - Returns: Nil if the table is full.
    mutating func add(_ key: NodeKey, under thresholds: LevelTable<Model.Threshold>) -> Int? {
        guard !isFull else { return nil }
        let slot: Int
        if let free = vacant.popLast() {
            slot = free
            records[slot] = WatchedNode(key: key)
            levelStates.setRow(slot) { Model.levelState(of: thresholds[0, $0]) }
        } else {
            slot = slots.count
            append(WatchedNode(key: key), Model(parameters), NodeColdState()) {
                Model.levelState(of: thresholds[0, $0])
            }
        }
        groups.join(slot, 0)
        keys.insert(key.rawValue, slot: slot)
        return slot
    }

    /// Forgets the node. A later node gets its slot.
    mutating func free(_ slot: Int) {
        keys.remove(records[slot].key)
        groups.leave(slot, records[slot].group)
        records[slot] = Self.noNode
        models[slot] = Model(parameters)
        coldStates[slot] = NodeColdState()
        vacant.append(slot)
    }

    private static var noNode: WatchedNode { WatchedNode(key: NodeKey(rawValue: 0)) }

    private mutating func append(
        _ record: WatchedNode, _ model: Model, _ coldState: NodeColdState, _ levelState: (Int) -> Model.LevelState
    ) {
        records.append(record)
        models.elements.append(model)
        coldStates.elements.append(coldState)
        levelStates.appendRow(levelState)
        groups.appendSlot()
    }

    // MARK: Groups

    /// Moves a node to the group with this name, or to group 0 if there are too many groups.
    mutating func move(_ slot: Int, toGroupNamed name: String) {
        let number = groups.number(named: name)
        groups.leave(slot, records[slot].group)
        groups.join(slot, number)
        records[slot].group = number
    }

    /// - Parameter name: Empty for group 0.
    mutating func restore(_ state: Model.GroupState, ofGroupNamed name: String) {
        groups[name.isEmpty ? 0 : groups.number(named: name)] = state
    }

    @inline(__always) mutating func noteArrival(in group: UInt16, at now: Int64) {
        groups.noteArrival(in: group, at: now)
    }

    // MARK: Learning

    /// The node's model and its group learn a gap.
    @inline(__always) mutating func observe(_ arrival: Arrival, _ slot: Int) {
        models[slot].observe(arrival, in: &groups[records[slot].group])
    }

    /// Updates the state of all levels of a node.
    /// - Parameters:
    ///   - thresholds: Of all plans. Not changed: `inout` saves a copy.
    ///   - arrival: What was observed; nil after `begin`, and when a policy was changed.
    @inline(__always) mutating func updateLevels(
        _ slot: Int, under thresholds: inout LevelTable<Model.Threshold>, after arrival: Arrival?,
        timestampUncertainty: Int64
    ) {
        let node = records[slot]
        Self.update(
            &models[slot], &levelStates, slot, under: &thresholds, Int(node.plan), after: arrival,
            timestampUncertainty: timestampUncertainty, in: &groups[node.group])
    }

    /// Static, so that the spans do not block changes of other parts of the table.
    @inline(__always) private static func update(
        _ model: inout Model, _ levelStates: inout LevelTable<Model.LevelState>, _ slot: Int,
        under thresholds: inout LevelTable<Model.Threshold>, _ plan: Int, after arrival: Arrival?,
        timestampUncertainty: Int64, in group: inout Model.GroupState
    ) {
        thresholds.withRow(plan) { thresholds in
            levelStates.withMutableRow(slot) { own in
                model.updateLevels(
                    thresholds, &own, after: arrival, timestampUncertainty: timestampUncertainty, in: &group)
            }
        }
    }

    // MARK: Prefetching

    /// Prefetches where the slot of a key is found.
    @inline(__always) func prefetch(_ key: NodeKey) { keys.prefetch(key.rawValue) }

    /// Prefetches the record and the model of a node.
    @inline(__always) func prefetch(_ slot: Int) {
        records.prefetch(slot..<slot + 1)
        models.elements.prefetch(slot..<slot + 1)
    }

    /// Prefetches the state of a node at all levels.
    @inline(__always) func prefetchLevels(_ slot: Int) { levelStates.prefetch(slot) }

    // MARK: Checkpoints

    /// Whether a record from a checkpoint fits: its key is new, its group exists, and the table is not full.
    func canRestore(_ record: WatchedNode) -> Bool {
        keys[record.key] == nil && Int(record.group) < groups.names.count && !isFull
    }

    /// Adds the next slot of a checkpoint, with its node.
    ///
    /// - Precondition: `canRestore` is true of the record.
    mutating func restore(
        _ record: WatchedNode, _ model: Model, _ coldState: NodeColdState, _ levels: [Model.LevelState]
    ) {
        keys.insert(record.key, slot: slots.count)
        append(record, model, coldState) { levels[$0] }
    }

    /// Adds the next slot of a checkpoint, which is free.
    mutating func restoreVacantSlot(under thresholds: LevelTable<Model.Threshold>) {
        append(Self.noNode, Model(parameters), NodeColdState()) { Model.levelState(of: thresholds[0, $0]) }
    }

    /// Writes the order of free slots and of members. It determines which slot is used next, and which nodes of a group
    /// are sampled.
    func writeOrder(to writer: inout BinaryWriter) {
        writer.write(slots: vacant.map(Int32.init))
        for number in groups.numbersInUse { writer.write(slots: groups.members(of: number)) }
    }

    /// Completes the table after all slots were added.
    mutating func readOrder(from reader: inout BinaryReader) throws(CorruptData) {
        vacant = try reader.slots(upTo: slots.count).map(Int.init)
        guard Set(vacant).count == vacant.count, vacant.allSatisfy({ !isInUse($0) }),
            vacant.count + count == slots.count
        else { throw CorruptData("a vacant slot is in use") }
        for number in groups.numbersInUse {
            for member in try reader.slots(upTo: slots.count) {
                let slot = Int(member)
                guard isInUse(slot), records[slot].group == number, !groups.isMember(slot) else {
                    throw CorruptData("a node has the wrong group")
                }
                groups.join(slot, number)
            }
        }
        guard slots.allSatisfy({ !isInUse($0) || groups.isMember($0) }) else {
            throw CorruptData("a node has an unknown group")
        }
    }
}

/// One element per slot. It can be changed in place; only `NodeTable` adds one.
struct SlotArray<Element: Sendable>: Sendable {
    fileprivate var elements: [Element] = []

    @inline(__always) subscript(slot: Int) -> Element {
        @inline(__always) _read { yield elements[slot] }
        @inline(__always) _modify { yield &elements[slot] }
    }
}

extension BinaryWriter {
    fileprivate mutating func write(slots: [Int32]) {
        write(UInt32(slots.count))
        for slot in slots { write(slot) }
    }
}

extension BinaryReader {
    fileprivate mutating func slots(upTo count: Int) throws(CorruptData) -> [Int32] {
        var slots: [Int32] = []
        for _ in 0..<(try self.count(ofBytes: 4)) {
            guard slots.count < count else { throw CorruptData("there are more slot numbers than slots") }
            slots.append(try integer(in: 0...Int32(clamping: max(0, count - 1))))
        }
        return slots
    }
}
