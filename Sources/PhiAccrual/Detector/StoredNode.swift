// What is known of one node, written down.

extension WatchedNode: StoredState {
    func write(to writer: inout StateWriter) {
        writer.write(key)
        writer.write(lastArrival)
        writer.write(lastSent)
        writer.write(standing)
        writer.write(strained)
        writer.write(heard)
        writer.write(marks.rawValue)
        writer.write(senderLate)
        writer.write(group)
        writer.write(missing)
        writer.write(incarnation)
        writer.write(sequence)
    }
    init(from reader: inout StateReader) throws(DamagedState) {
        self.init(key: NodeKey(rawValue: try reader.integer()))
        lastArrival = try reader.integer()
        lastSent = try reader.optional { reader throws(DamagedState) in try reader.integer() }
        standing = try reader.state()
        strained = try reader.integer()
        heard = try reader.integer(in: 0...Self.confirmations)
        marks = Marks(rawValue: try reader.integer(in: 0...Marks.all.rawValue))
        senderLate = try reader.optional { reader throws(DamagedState) in try reader.integer() }
        group = try reader.integer()
        missing = try reader.integer(in: 0...(.max / 2))
        incarnation = try reader.integer()
        sequence = try reader.integer()
    }
}

extension Standing: StoredState {
    func write(to writer: inout StateWriter) {
        writer.write(phase.rawValue)
        for level in 0..<8 { writer.write(isSuspected(atLevel: level)) }
    }
    init(from reader: inout StateReader) throws(DamagedState) {
        self.init()
        guard let phase = Phase(rawValue: try reader.integer()) else { throw DamagedState("no such phase of life") }
        self.phase = phase
        for level in 0..<8 where try reader.bool() { suspect(atLevel: level) }
    }
}

extension Pause: StoredState {
    public func write(to writer: inout StateWriter) {
        writer.write(until.nanoseconds)
        writer.write(reason)
    }
    public init(from reader: inout StateReader) throws(DamagedState) {
        self.init(until: Instant(nanoseconds: try reader.integer()), reason: try reader.text())
    }
}

extension NodeDetails: StoredState {
    func write(to writer: inout StateWriter) {
        writer.write(identity) { $0.write($1) }
        writer.write(claimant) { $0.write($1) }
        writer.write(discarded)
        for code in Notice.Code.allCases { writer.write(told.contains(code)) }
        writer.write(pause) { $0.write($1) }
        writer.write(silentSince)
        writer.write(disconnectedAt)
        writer.write(UInt8(recoveries.count))
        for recovery in recoveries { writer.write(recovery) }
    }
    init(from reader: inout StateReader) throws(DamagedState) {
        self.init()
        identity = try reader.optional { reader throws(DamagedState) in try reader.state() }
        claimant = try reader.optional { reader throws(DamagedState) in try reader.state() }
        discarded = try reader.integer(in: 0...(.max / 2))
        for code in Notice.Code.allCases where try reader.bool() { told.insert(code) }
        pause = try reader.optional { reader throws(DamagedState) in try reader.state() }
        silentSince = try reader.optional { reader throws(DamagedState) in try reader.integer() }
        disconnectedAt = try reader.optional { reader throws(DamagedState) in try reader.integer() }
        for _ in 0..<(try reader.integer(UInt8.self, in: 0...8)) { recoveries.append(try reader.state()) }
    }
}
