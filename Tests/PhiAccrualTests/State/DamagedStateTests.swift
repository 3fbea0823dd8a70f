import Testing

@testable import PhiAccrual

/// What would trap or loop for ever if it were taken for true. Random damage seldom hits it.
@Suite struct `A stored state is refused` {
    private func expectRefusal<State: StoredState>(
        of state: State, with bytes: some Collection<UInt8>, at offset: Int, replacing count: Int? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        var writer = StateWriter()
        writer.write(state)
        var reader = StateReader(writer.bytes)
        _ = try reader.state(State.self)
        var damaged = writer.bytes
        damaged.replaceSubrange(offset..<offset + (count ?? bytes.count), with: bytes)
        var damagedReader = StateReader(damaged)
        #expect(throws: DamagedState.self, sourceLocation: sourceLocation) { try damagedReader.state(State.self) }
    }
    private func bytes(of number: Float) -> [UInt8] {
        withUnsafeBytes(of: number.bitPattern.littleEndian) { Array($0) }
    }

    @Test func `where a count would overflow`() throws {
        try expectRefusal(of: SequenceDrift(), with: [4], at: 26)  // strays
        try expectRefusal(of: SequenceDrift(), with: [1, 2], at: 24)  // steps
        try expectRefusal(of: RivalInterval(), with: [65], at: 8)  // fits
        try expectRefusal(of: RivalInterval(), with: [2], at: 9)  // misses, of no fits
        try expectRefusal(of: RivalInterval(), with: [2], at: 10)  // in a row
        try expectRefusal(of: LatenessTables(), with: [0, 0, 1, 0], at: 4 + 415)  // total
    }
    @Test func `where a search would never end`() throws {
        // Where it said that there is no price yet.
        try expectRefusal(of: BudgetSteering(), with: [1] + bytes(of: -1e30), at: 0, replacing: 1)
        try expectRefusal(of: BudgetSteering(), with: [1] + bytes(of: 27.5), at: 0, replacing: 1)
    }
    @Test func `where a share would be more than all`() throws {
        try expectRefusal(of: GroupTables(), with: bytes(of: 1), at: 4)
        try expectRefusal(of: GroupTables(), with: bytes(of: 65_537), at: 0)
        try expectRefusal(of: GroupTables(), with: bytes(of: -1), at: 0)
        try expectRefusal(of: MistakeRecord(), with: bytes(of: 201), at: 4)
    }
    @Test func `where a number is none`() throws {
        for number in [Float.nan, .infinity, -.infinity] {
            try expectRefusal(of: SequenceDrift(), with: bytes(of: number), at: 8)
            try expectRefusal(of: GroupTables(), with: bytes(of: number), at: 0)
        }
        try expectRefusal(of: SequenceDrift(), with: [0, 0, 0, 0, 0, 0, 0xF0, 0x7F], at: 0)
    }
    @Test func `where there is no such edge or family`() throws {
        try expectRefusal(of: WaitChoice(), with: [3], at: 0)
        try expectRefusal(of: WaitChoice(), with: [45], at: 1)
        try expectRefusal(of: WaitChoice(.patches), with: [40], at: 6)
    }
}
