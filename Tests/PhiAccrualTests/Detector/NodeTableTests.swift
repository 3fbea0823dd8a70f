import BinaryCoding
import TestSupport
import Testing

@testable import PhiAccrual

@Suite struct `A table of nodes` {
    private typealias Table = NodeTable<FixedModel>

    /// The thresholds of one plan with two levels.
    private static let thresholds: LevelTable<Void> = {
        var thresholds = LevelTable<Void>(levels: 2)
        thresholds.appendRow { _ in }
        return thresholds
    }()
    private static func table(capacity: Int = 1000, groups: GroupTable<NoGroupState>? = nil) -> Table {
        Table(levels: 2, capacity: capacity, seed: 1, parameters: FixedModel.Parameters(), groups: groups)
    }
    private static func key(_ number: Int) -> NodeKey { NodeKey(rawValue: UInt64(number)) }
    /// Adds a node to a table that is not full, and returns its slot.
    private static func add(_ number: Int, to table: inout Table) throws -> Int {
        let slot = table.add(key(number), under: thresholds)
        return try #require(slot)
    }

    @Test func `gives a slot to another node only after it was freed, the last one first`() {
        var table = Self.table()
        for number in 0..<4 {
            let slot = table.add(Self.key(number), under: Self.thresholds)
            #expect(slot == number)
        }
        table.free(1)
        table.free(3)
        #expect(table.count == 2 && table.slots == 0..<4)
        #expect(table.slots.filter { table.isInUse($0) } == [0, 2])
        let slots = (4..<7).map { table.add(Self.key($0), under: Self.thresholds) }
        #expect(slots == [3, 1, 4])
        #expect([0, 5, 2, 4, 6].map { table.slot(of: Self.key($0)) } == [0, 1, 2, 3, 4])
        #expect(table.slot(of: Self.key(1)) == nil && table.slot(of: Self.key(3)) == nil)
    }

    @Test func `keeps nothing of a node that was freed`() throws {
        var table = Self.table()
        let slot = try Self.add(7, to: &table)
        table.move(slot, toGroupNamed: "lab")
        table[slot].incarnation = 5
        table.coldStates[slot].discarded = 5
        table.models[slot].begin(announcedInterval: 1000)
        table.free(slot)
        let next = table.add(Self.key(8), under: Self.thresholds)
        #expect(next == slot)
        #expect(table[slot].key == 8 && table[slot].group == 0 && table[slot].incarnation == 0)
        #expect(table.coldStates[slot].discarded == 0 && table.models[slot].expectedGap == nil)
    }

    @Test func `refuses a node beyond its capacity, until another is freed`() {
        var table = Self.table(capacity: 2)
        let slots = (0..<3).map { table.add(Self.key($0), under: Self.thresholds) }
        #expect(slots == [0, 1, nil])
        #expect(table.count == 2 && table.slots.count == 2 && table.slot(of: Self.key(2)) == nil)
        table.free(0)
        let slot = table.add(Self.key(2), under: Self.thresholds)
        #expect(slot == 0 && table.slot(of: Self.key(2)) == 0)
    }

    @Test func `puts nodes of groups beyond the limit into group 0`() throws {
        var table = Self.table(capacity: 2000)
        for number in 0..<1100 {
            let slot = try Self.add(number, to: &table)
            table.move(slot, toGroupNamed: "\(number)")
        }
        // Group 0 is one of 1024.
        #expect(table.groups.names.count == 1024)
        #expect(table[1022].group == 1023 && table[1023].group == 0)
        #expect(table.groups.members(of: 0) == (1023..<1100).map { Int32($0) })
        // A known group still gets members.
        table.move(1050, toGroupNamed: "5")
        #expect(table.groups.members(of: 6) == [5, 1050] && table.groups.memberCount(of: 0) == 76)
    }

    @Test(arguments: 0..<10 as Range<UInt64>) func `agrees with a dictionary over a random life`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var table = Self.table(capacity: 20)
        // Per key: slot and group. Slots that are free, the next one last.
        var (nodes, vacant, slotCount) = ([NodeKey: (slot: Int, group: String)](), [Int](), 0)
        for _ in 0..<3000 {
            let key = Self.key(Int.random(in: 0..<30, using: &random))
            switch (nodes[key], Int.random(in: 0..<3, using: &random)) {
            case (nil, _):
                let slot = table.add(key, under: Self.thresholds)
                guard nodes.count < 20 else {
                    #expect(slot == nil)
                    continue
                }
                let expected = vacant.popLast() ?? slotCount
                slotCount = max(slotCount, expected + 1)
                #expect(slot == expected)
                nodes[key] = (expected, "")
            case (let known?, 0):
                table.free(known.slot)
                nodes[key] = nil
                vacant.append(known.slot)
            case (let known?, _):
                let group = "\(Int.random(in: 0..<5, using: &random))"
                table.move(known.slot, toGroupNamed: group)
                nodes[key]?.group = group
            }
            #expect(table.count == nodes.count && table.slots.count == slotCount)
            #expect(Set(table.slots.filter { table.isInUse($0) }) == Set(nodes.values.map(\.slot)))
            expectMembers(of: table, toBe: nodes)
        }
        for number in 0..<30 { #expect(table.slot(of: Self.key(number)) == nodes[Self.key(number)]?.slot) }
    }

    /// Each node is once in its own group, and in no other.
    private func expectMembers(of table: Table, toBe nodes: [NodeKey: (slot: Int, group: String)]) {
        let expected = Dictionary(grouping: nodes.values, by: \.group).mapValues { $0.map { Int32($0.slot) }.sorted() }
        for number in table.groups.numbersInUse {
            let (name, members) = (table.groups.names[Int(number)], table.groups.members(of: number))
            #expect(members.sorted() == expected[name] ?? [])
            #expect(table.groups.memberCount(of: number) == members.count)
            #expect(members.allSatisfy { table[Int($0)].group == number })
        }
    }

    // MARK: Checkpoints

    /// A table with the nodes 0, 1, 2 in group "lab", and a free slot 3.
    private static func stored() throws -> Table {
        var table = table()
        for number in 0..<4 {
            let slot = try add(number, to: &table)
            table.move(slot, toGroupNamed: "lab")
        }
        table.free(3)
        return table
    }
    /// A table with the slots of `stored`, whose order is read from bytes.
    private static func restored(_ order: [[Int32]]) throws -> Table {
        let stored = try stored()
        var table = table(groups: try stored.groups.withoutMembers())
        for slot in 0..<3 { table.restore(stored[slot], stored.models[slot], NodeColdState(), [.init(), .init()]) }
        table.restoreVacantSlot(under: thresholds)
        var writer = BinaryWriter()
        for slots in order {
            writer.write(UInt32(slots.count))
            for slot in slots { writer.write(slot) }
        }
        var reader = BinaryReader(writer.bytes)
        try table.readOrder(from: &reader)
        return table
    }

    @Test func `keeps the order of free slots and of members in a checkpoint`() throws {
        var table = try Self.restored([[3], [], [2, 0, 1]])
        #expect(table.groups.members(of: 1) == [2, 0, 1] && table.count == 3)
        var writer = BinaryWriter()
        table.writeOrder(to: &writer)
        let slots: [UInt8] = [1, 3, 0, 3, 2, 0, 1]  // counts and slots
        #expect(writer.bytes == slots.flatMap { [$0, 0, 0, 0] })
        table.free(2)
        #expect(table.groups.members(of: 1) == [1, 0])
        let next = (5..<8).map { table.add(Self.key($0), under: Self.thresholds) }
        #expect(next == [2, 3, 4])
    }

    @Test(arguments: [
        [[3, 3], [], [0, 1, 2]], [[0], [], [1, 2]], [[], [], [0, 1, 2]],  // free slots
        [[3], [0], [1, 2]], [[3], [], [0, 1, 1]], [[3], [], [0, 1, 3]],  // another group, twice, free
        [[3], [], [0, 1]], [[3], [], [0, 1, 4]],  // of no group, no such slot
    ]) func `refuses an order that contradicts its slots`(order: [[Int32]]) {
        #expect(throws: CorruptData.self) { try Self.restored(order) }
    }

    @Test func `refuses a node that contradicts another`() {
        var table = Self.table(capacity: 1)
        var record = WatchedNode(key: Self.key(1))
        record.group = 1
        #expect(!table.canRestore(record), "there is no such group")
        record.group = 0
        #expect(table.canRestore(record))
        table.restore(record, FixedModel(FixedModel.Parameters()), NodeColdState(), [.init(), .init()])
        #expect(!table.canRestore(record), "its key is known")
        #expect(!table.canRestore(WatchedNode(key: Self.key(2))), "the table is full")
    }
}

extension GroupTable {
    /// As it is read from a checkpoint.
    fileprivate func withoutMembers() throws -> GroupTable {
        var writer = BinaryWriter()
        writer.write(self)
        var reader = BinaryReader(writer.bytes)
        return try reader.state()
    }
}
