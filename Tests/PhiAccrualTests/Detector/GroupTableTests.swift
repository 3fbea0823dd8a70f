import BinaryCoding
import TestSupport
import Testing

@testable import PhiAccrual

@Suite struct `A table of groups` {
    private static func table() -> GroupTable<Pause> {
        GroupTable(fresh: Pause(until: Instant(nanoseconds: 7), reason: "fresh"))
    }

    @Test func `numbers groups by name, and keeps apart what they learn`() {
        var table = Self.table()
        let numbers = ["a", "b", "a", "b"].map { table.number(named: $0) }
        #expect(numbers == [1, 2, 1, 2] && table.names == ["", "a", "b"] && table.numbersInUse == 0..<3)
        table[1].reason = "other"
        #expect(table.numbersInUse.map { table[$0].reason } == ["fresh", "other", "fresh"])
    }

    @Test func `refuses names beyond the limit, and knows the others`() {
        var table = Self.table()
        for number in 1..<1024 { _ = table.number(named: "\(number)") }
        let numbers = ["1024", "7", "1023"].map { table.number(named: $0) }
        #expect(numbers == [0, 7, 1023] && table.names.count == 1024)
    }

    @Test func `fills the place of a member that leaves with the last one`() {
        var table = Self.table()
        for slot in 0..<4 {
            table.appendSlot()
            table.join(slot, 0)
        }
        table.leave(1, 0)
        #expect(table.members(of: 0) == [0, 3, 2] && !table.isMember(1))
        table.leave(3, 0)
        table.leave(2, 0)
        #expect(table.members(of: 0) == [0] && table.memberCount(of: 0) == 1 && table.member(0, of: 0) == 0)
        table.join(1, 0)
        #expect(table.members(of: 0) == [0, 1])
    }

    @Test func `knows when a group was heard last, and whether any was`() {
        var table = Self.table()
        let group = table.number(named: "a")
        #expect(!table.isAnyHeard(since: -1_000_000))
        table.noteArrival(in: group, at: 50)
        #expect(table.isHeard(group, since: 50) && !table.isHeard(group, since: 51))
        #expect(!table.isHeard(0, since: 50) && table.isAnyHeard(since: 50) && !table.isAnyHeard(since: 51))
    }

    @Test func `is read from a checkpoint as it was written, without members`() throws {
        var table = Self.table()
        table.appendSlot()
        table.join(0, table.number(named: "a"))
        table.noteArrival(in: 1, at: 50)
        table[1].reason = "learned"
        var writer = BinaryWriter()
        writer.write(table)
        var reader = BinaryReader(writer.bytes)
        var read: GroupTable<Pause> = try reader.state()
        #expect(reader.isAtEnd && read.names == ["", "a"] && read[1].reason == "learned" && read[0].reason == "fresh")
        #expect(read.isHeard(1, since: 50) && !read.isHeard(1, since: 51) && read.members(of: 1).isEmpty)
        let numbers = ["a", "b"].map { read.number(named: $0) }
        #expect(numbers == [1, 2] && read[2].reason == "fresh")
    }

    @Test func `refuses a checkpoint with one name twice`() {
        var writer = BinaryWriter()
        let fresh = Pause(until: Instant(nanoseconds: 7), reason: "fresh")
        writer.write(fresh)
        writer.write(3 as UInt32)
        for name in ["", "a", "a"] {
            writer.write(name)
            writer.write(fresh)
            writer.write(0 as Int64)
        }
        var reader = BinaryReader(writer.bytes)
        #expect(throws: CorruptData.self) { let _: GroupTable<Pause> = try reader.state() }
    }
}
