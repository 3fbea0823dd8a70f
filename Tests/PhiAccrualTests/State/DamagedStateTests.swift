import BinaryCoding
import TestSupport
import Testing

@testable import PhiAccrual

/// Corrupt values that would cause a trap or an endless loop if accepted. Random damage rarely produces them.
@Suite struct `A stored state is refused` {
    private func expectRefusal<State: BinaryCodable>(
        of state: State, with bytes: some Collection<UInt8>, at offset: Int, replacing count: Int? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        var writer = BinaryWriter()
        writer.write(state)
        var reader = BinaryReader(writer.bytes)
        _ = try reader.state(State.self)
        var damaged = writer.bytes
        damaged.replaceSubrange(offset..<offset + (count ?? bytes.count), with: bytes)
        var damagedReader = BinaryReader(damaged)
        #expect(throws: CorruptData.self, sourceLocation: sourceLocation) { try damagedReader.state(State.self) }
    }
    private func bytes(of number: Float) -> [UInt8] {
        withUnsafeBytes(of: number.bitPattern.littleEndian) { Array($0) }
    }

    @Test func `if a count would overflow`() throws {
        try expectRefusal(of: SequenceDrift(), with: [4], at: 26)  // strays
        try expectRefusal(of: SequenceDrift(), with: [1, 2], at: 24)  // steps
        try expectRefusal(of: IntervalChangeDetector(), with: [65], at: 8)  // fits
        try expectRefusal(of: IntervalChangeDetector(), with: [2], at: 9)  // misses, with no fits
        try expectRefusal(of: IntervalChangeDetector(), with: [2], at: 10)  // in a row
        try expectRefusal(of: LatenessHistograms(), with: [0, 0, 1, 0], at: 4 + 415)  // total
    }
    @Test func `if a search would never end`() throws {
        // Replaces the flag that there is no price yet.
        try expectRefusal(of: BudgetController(), with: [1] + bytes(of: -1e30), at: 0, replacing: 1)
        try expectRefusal(of: BudgetController(), with: [1] + bytes(of: 27.5), at: 0, replacing: 1)
    }
    @Test func `if a share would exceed its total`() throws {
        try expectRefusal(of: GroupHistograms(), with: bytes(of: 1), at: 4)
        try expectRefusal(of: GroupHistograms(), with: bytes(of: 65_537), at: 0)
        try expectRefusal(of: GroupHistograms(), with: bytes(of: -1), at: 0)
        try expectRefusal(of: MistakeRecord(), with: bytes(of: 201), at: 4)
    }
    @Test func `if a number is not finite`() throws {
        for number in [Float.nan, .infinity, -.infinity] {
            try expectRefusal(of: SequenceDrift(), with: bytes(of: number), at: 8)
            try expectRefusal(of: GroupHistograms(), with: bytes(of: number), at: 0)
        }
        try expectRefusal(of: SequenceDrift(), with: [0, 0, 0, 0, 0, 0, 0xF0, 0x7F], at: 0)
    }
    @Test func `if an edge or a family does not exist`() throws {
        try expectRefusal(of: TimeoutChoice(), with: [3], at: 0)
        try expectRefusal(of: TimeoutChoice(), with: [45], at: 1)
        try expectRefusal(of: TimeoutChoice(.bursts), with: [40], at: 6)
    }

    /// - Parameter change: Makes the hold invalid.
    private func refusal(ofHold change: (inout ActiveHolds.Hold) -> Void) -> CorruptData? {
        var hold = ActiveHolds.Hold(
            scope: nil, began: 0, silentSince: 0, until: .seconds(30), nextCheck: .milliseconds(250), heard: 0,
            sampledNodes: [])
        change(&hold)
        var (policies, writer) = (ActiveHolds(), BinaryWriter())
        policies.begin(hold)
        writer.write(policies)
        var reader = BinaryReader(writer.bytes)
        do throws(CorruptData) { let _: ActiveHolds = try reader.state() } catch { return error }
        return nil
    }
    @Test func `if a hold would be checked forever`() {
        #expect(refusal { _ in } == nil)
        #expect(refusal { $0.nextCheck = $0.until - .hours(1) } == nil)
        let tooLong = CorruptData("a hold is longer than the maximum")
        #expect(refusal { $0.until = .max } == tooLong)
        #expect(refusal { $0.nextCheck = .min } == tooLong)
        #expect(refusal { $0.nextCheck = $0.until - .hours(1) - 1 } == tooLong)
    }
    @Test func `if a hold rule has no limit`() throws {
        try expectRefusal(of: HoldRule(), with: [UInt8](repeating: 0xFF, count: 7) + [0x7F], at: 16)
    }
    @Test func `if two holds cover one group, or a hold and its span disagree`() throws {
        var policies = ActiveHolds()
        let hold = ActiveHolds.Hold(
            scope: nil, began: 0, silentSince: 0, until: 9, nextCheck: 5, heard: 0, sampledNodes: [])
        policies.begin(hold)
        var writer = BinaryWriter()
        writer.write(policies)
        let one = Array(writer.bytes[4..<47])
        try expectRefusal(of: policies, with: [2, 0, 0, 0] + one, at: 0, replacing: 4)
        try expectRefusal(of: policies, with: [0, 0, 0, 0], at: 0, replacing: 47)
        try expectRefusal(of: policies, with: [0, 0, 0, 0], at: 47, replacing: 23)
        try expectRefusal(of: policies, with: [8], at: 47 + 4 + 1 + 8)  // until
        try expectRefusal(of: policies, with: [0], at: 47 + 4 + 17)  // isActive
    }

    private func refusal(ofSlots count: UInt32, capacity: Int = 1_000_000, _ rest: [UInt8]) -> String? {
        var writer = BinaryWriter()
        Watch(capacity: capacity).detector.write(to: &writer)
        // No slots, no vacant slots, and no members of the unnamed group.
        var reader = BinaryReader(
            writer.bytes.dropLast(12) + (0..<4).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } + rest)
        do throws(CorruptData) { _ = try Detector<NormalModel>(model: .init(), from: &reader) } catch {
            return error.reason
        }
        return nil
    }
    @Test func `if its version is unknown, and says which versions can be read`() {
        var writer = BinaryWriter()
        writer.write("normal/9 node/9")
        let error = #expect(throws: CorruptData.self) {
            var reader = BinaryReader(writer.bytes)
            _ = try Detector<NormalModel>(model: .init(), from: &reader)
        }
        let readable = "\(NormalModel.stateVersion) without a node version, or with node/1 to node/2"
        #expect(error?.reason == "it has version normal/9 node/9, but this program reads \(readable)")
    }
    @Test func `if it claims more slots than there are bytes or capacity for`() {
        let none = [UInt8](repeating: 0, count: 8)
        #expect(refusal(ofSlots: 0, none) == nil)
        #expect(refusal(ofSlots: 2, [0, 0] + [2, 0, 0, 0] + [1, 0, 0, 0, 0, 0, 0, 0] + [0, 0, 0, 0]) == nil)
        for count in [100, 1_000_000, .max] as [UInt32] {
            #expect(
                refusal(ofSlots: count, [UInt8](repeating: 0, count: 499))
                    == "it ends early: it must have \(count) elements"
            )
        }
        #expect(
            refusal(ofSlots: 100, capacity: 99, [UInt8](repeating: 0, count: 1000))
                == "it has 100 nodes, more than the capacity")
    }
}
