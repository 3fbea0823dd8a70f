import BinaryCoding

// Binary format of the state of one node.

extension WatchedNode: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(key)
        writer.write(lastArrival)
        writer.write(lastSent)
        writer.write(state)
        writer.write(infeasibleLevels)
        writer.write(confirmations)
        writer.write(flags.rawValue)
        writer.write(senderLate)
        writer.write(group)
        writer.write(missing)
        writer.write(incarnation)
        writer.write(sequence)
    }
    init(from reader: inout BinaryReader) throws(CorruptData) {
        self.init(key: NodeKey(rawValue: try reader.integer()))
        lastArrival = try reader.integer()
        lastSent = try reader.optional { reader throws(CorruptData) in try reader.integer() }
        state = try reader.state()
        infeasibleLevels = try reader.integer()
        confirmations = try reader.integer(in: 0...Self.requiredConfirmations)
        flags = Flags(rawValue: try reader.integer(in: 0...Flags.all.rawValue))
        senderLate = try reader.optional { reader throws(CorruptData) in try reader.integer() }
        group = try reader.integer()
        missing = try reader.integer(in: 0...(.max / 2))
        incarnation = try reader.integer()
        sequence = try reader.integer()
    }
}

extension NodeState: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(phase.rawValue)
        for level in 0..<8 { writer.write(isSuspected(atLevel: level)) }
    }
    init(from reader: inout BinaryReader) throws(CorruptData) {
        self.init()
        guard let phase = Phase(rawValue: try reader.integer()) else { throw CorruptData("unknown phase") }
        self.phase = phase
        for level in 0..<8 where try reader.bool() { suspect(atLevel: level) }
    }
}

extension Pause: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(until.nanoseconds)
        writer.write(reason)
    }
    public init(from reader: inout BinaryReader) throws(CorruptData) {
        self.init(until: Instant(nanoseconds: try reader.integer()), reason: try reader.text())
    }
}

extension NodeColdState: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(identity) { $0.write($1) }
        writer.write(contender) { $0.write($1) }
        writer.write(discarded)
        writer.write(UInt8(emitted.count))
        for name in emitted.map(\.rawValue).sorted() { writer.write(name) }
        writer.write(pause) { $0.write($1) }
        writer.write(silentSince)
        writer.write(disconnectedAt)
        writer.write(UInt8(recoveries.count))
        for recovery in recoveries { writer.write(recovery) }
    }
    init(from reader: inout BinaryReader) throws(CorruptData) {
        self.init()
        identity = try reader.optional { reader throws(CorruptData) in try reader.state() }
        contender = try reader.optional { reader throws(CorruptData) in try reader.state() }
        discarded = try reader.integer(in: 0...(.max / 2))
        emitted = try reader.emittedCodes()
        pause = try reader.optional { reader throws(CorruptData) in try reader.state() }
        silentSince = try reader.optional { reader throws(CorruptData) in try reader.integer() }
        disconnectedAt = try reader.optional { reader throws(CorruptData) in try reader.integer() }
        for _ in 0..<(try reader.integer(UInt8.self, in: 0...8)) { recoveries.append(try reader.state()) }
    }
}

extension BinaryReader {
    /// The notices that were emitted and are not to be repeated.
    fileprivate mutating func emittedCodes() throws(CorruptData) -> Set<Notice.Code> {
        var codes: Set<Notice.Code> = []
        guard layout > StateLayout.codesByPosition else {
            for code in Notice.Code.byPosition where try bool() { codes.insert(code) }
            return codes
        }
        for _ in 0..<(try integer(UInt8.self)) {
            // A later version may have written a name that this one does not know. It is left out: a notice that
            // cannot be emitted cannot be repeated either.
            if let code = Notice.Code(rawValue: try text()) { codes.insert(code) }
        }
        return codes
    }
}

extension Notice.Code {
    /// The codes in the order of `StateLayout.codesByPosition`: one flag for each.
    fileprivate static let byPosition: [Notice.Code] = [
        .unnamed, .takeover, .duplicateNode, .nameCollision, .budgetInfeasible, .budgetFeasible, .flapping, .paused,
        .resumed,
    ]
}
