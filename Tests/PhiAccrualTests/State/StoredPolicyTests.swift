import PhiAccrual
import TestSupport
import Testing

@Suite struct `A stored book of policies` {
    static func book() throws -> PolicyTable {
        let node = try NodeIdentity(group: "edge", name: "ü-1")
        var book = PolicyTable(levels: [
            Level.suspect(.phi(0.1)).set(by: .file), try Level(name: "evict", policy: .price(1e12)),
        ])
        book.set(.mistakes(MistakeBudget(.every(86_400e9 / 7))), level: 0, from: Origin(.tune))
        book.set(
            .mistakes(MistakeBudget(.perHeartbeat(1e-5 / 3), within: 1)), level: 1,
            from: Origin(.environment, for: .group("edge")))
        book.set(.phi(8), level: 1, from: Origin(.option, for: .node(node)))
        return book
    }

    @Test func `is read as it was`() throws {
        let book = try Self.book()
        var writer = BinaryWriter()
        writer.write(book)
        var reader = BinaryReader(writer.bytes)
        #expect(try reader.state(PolicyTable.self) == book)
        #expect(reader.isAtEnd)
        for count in writer.bytes.indices {
            var reader = BinaryReader(writer.bytes.prefix(count))
            #expect(throws: CorruptData.self) { try reader.state(PolicyTable.self) }
        }
    }

    @Test func `that was damaged is refused, or holds what can be followed`() throws {
        var writer = BinaryWriter()
        writer.write(try Self.book())
        var refused = 0
        for index in writer.bytes.indices {
            for byte: UInt8 in [0, 1, 2, 3, 8, 9, 0x7F, 0x80, 0xFF] {
                var bytes = writer.bytes
                bytes[index] = byte
                var reader = BinaryReader(bytes)
                guard let book = try? reader.state(PolicyTable.self) else {
                    refused += 1
                    continue
                }
                #expect(book.allPolicies.allSatisfy(Self.canBeFollowed))
            }
        }
        #expect(refused > 100)
    }

    private static func canBeFollowed(_ policy: Policy) -> Bool {
        switch policy {
        case .phi(let phi): phi > 0 && phi <= Policy.maxPhi
        case .price(let price): price > 0 && price <= Policy.maxPrice
        case .mistakes(let budget):
            switch budget.rate {
            case .perHeartbeat(let share): share > 0 && share <= 1 && budget.within ?? 1 > 0
            case .every(let time): time > 0 && time.isFinite && budget.within ?? 1 > 0
            }
        }
    }
}
