import BinaryCoding
import PhiAccrual
import TestSupport
import Testing

@Suite struct `A stored policy table` {
    static func policies() throws -> PolicyTable {
        let node = try NodeIdentity(group: "edge", name: "ü-1")
        var policies = PolicyTable(levels: [
            Level.suspect(.phi(0.1)).set(by: .file), try Level(name: "evict", policy: .price(1e12)),
        ])
        policies.set(.mistakes(MistakeBudget(.every(86_400e9 / 7))), level: 0, from: Origin(.tune))
        policies.set(
            .mistakes(MistakeBudget(.perHeartbeat(1e-5 / 3), within: 1)), level: 1,
            from: Origin(.environment, for: .group("edge")))
        policies.set(.phi(8), level: 1, from: Origin(.option, for: .node(node)))
        return policies
    }

    @Test func `is read back unchanged`() throws {
        let policies = try Self.policies()
        var writer = BinaryWriter()
        writer.write(policies)
        var reader = BinaryReader(writer.bytes)
        #expect(try reader.state(PolicyTable.self) == policies)
        #expect(reader.isAtEnd)
        for count in writer.bytes.indices {
            var reader = BinaryReader(writer.bytes.prefix(count))
            #expect(throws: CorruptData.self) { try reader.state(PolicyTable.self) }
        }
    }

    @Test func `that was damaged is refused or has only valid policies`() throws {
        var writer = BinaryWriter()
        writer.write(try Self.policies())
        var refused = 0
        for index in writer.bytes.indices {
            for byte: UInt8 in [0, 1, 2, 3, 8, 9, 0x7F, 0x80, 0xFF] {
                var bytes = writer.bytes
                bytes[index] = byte
                var reader = BinaryReader(bytes)
                guard let policies = try? reader.state(PolicyTable.self) else {
                    refused += 1
                    continue
                }
                #expect(policies.allPolicies.allSatisfy(Self.canBeFollowed))
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
