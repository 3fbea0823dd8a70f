// Names and policies, as the state of a detector and what it was told hold them.

extension NodeKey: StoredState {
    public func write(to writer: inout StateWriter) { writer.write(rawValue) }
    public init(from reader: inout StateReader) throws(DamagedState) { rawValue = try reader.integer() }
}

extension NodeIdentity: StoredState {
    public func write(to writer: inout StateWriter) {
        writer.write(group)
        writer.write(name)
    }
    public init(from reader: inout StateReader) throws(DamagedState) {
        let group = try reader.text()
        let name = try reader.text()
        do { try self.init(group: group, name: name) } catch { throw DamagedState("\(error)") }
    }
}

extension Policy: StoredState {
    public func write(to writer: inout StateWriter) {
        switch self {
        case .phi(let phi):
            writer.write(0 as UInt8)
            writer.write(phi)
        case .price(let price):
            writer.write(1 as UInt8)
            writer.write(price)
        case .mistakes(let budget):
            writer.write(2 as UInt8)
            writer.write(budget)
        }
    }
    public init(from reader: inout StateReader) throws(DamagedState) {
        switch try reader.integer(UInt8.self, in: 0...2) {
        case 0: self = .phi(try reader.double(in: .leastNonzeroMagnitude...Policy.largestPhi))
        case 1: self = .price(try reader.double(in: .leastNonzeroMagnitude...Policy.largestPrice))
        default: self = .mistakes(try reader.state())
        }
    }
}

extension MistakeBudget: StoredState {
    public func write(to writer: inout StateWriter) {
        switch rate {
        case .perHeartbeat(let share):
            writer.write(0 as UInt8)
            writer.write(share)
        case .every(let time):
            writer.write(1 as UInt8)
            writer.write(time)
        }
        writer.write(within)
    }
    public init(from reader: inout StateReader) throws(DamagedState) {
        if try reader.bool() {
            rate = .every(try reader.double(in: .leastNonzeroMagnitude ... .greatestFiniteMagnitude))
        } else {
            rate = .perHeartbeat(try reader.double(in: .leastNonzeroMagnitude...1))
        }
        within = try reader.optional { reader throws(DamagedState) in try reader.integer(in: 1...(.max)) }
    }
}

extension Origin: StoredState {
    public func write(to writer: inout StateWriter) {
        writer.write(source)
        switch scope {
        case .everyone: writer.write(0 as UInt8)
        case .group(let name):
            writer.write(1 as UInt8)
            writer.write(name)
        case .node(let identity):
            writer.write(2 as UInt8)
            writer.write(identity)
        }
    }
    public init(from reader: inout StateReader) throws(DamagedState) {
        source = try reader.state()
        switch try reader.integer(UInt8.self, in: 0...2) {
        case 0: scope = .everyone
        case 1: scope = .group(try reader.text())
        default: scope = .node(try reader.state())
        }
    }
}

extension Origin.Source: StoredState {
    /// In rising precedence.
    public func write(to writer: inout StateWriter) { writer.write(UInt8(Self.allCases.firstIndex(of: self) ?? 0)) }
    public init(from reader: inout StateReader) throws(DamagedState) {
        self = Self.allCases[Int(try reader.integer(UInt8.self, in: 0...UInt8(Self.allCases.count - 1)))]
    }
}

extension Level: StoredState {
    public func write(to writer: inout StateWriter) {
        writer.write(name)
        writer.write(policy)
        writer.write(origin.source)
    }
    public init(from reader: inout StateReader) throws(DamagedState) {
        let name = try reader.text()
        let policy: Policy = try reader.state()
        let source: Origin.Source = try reader.state()
        do { self = try Level(name: name, policy: policy).set(by: source) } catch { throw DamagedState("\(error)") }
    }
}

extension PolicyBook: StoredState {
    public func write(to writer: inout StateWriter) {
        writer.write(UInt8(levels.count))
        for level in levels { writer.write(level) }
        writer.write(UInt32(entries.count))
        for entry in entries {
            writer.write(UInt8(entry.level))
            writer.write(entry.policy)
            writer.write(entry.origin)
        }
    }
    public init(from reader: inout StateReader) throws(DamagedState) {
        var levels: [Level] = []
        for _ in 0..<(try reader.integer(UInt8.self, in: 1...8)) { levels.append(try reader.state()) }
        guard Set(levels.map(\.name)).count == levels.count else { throw DamagedState("two levels have one name") }
        self.init(levels: levels)
        for _ in 0..<(try reader.count(ofBytes: 12)) {  // at least: level, policy, source and scope
            let level = Int(try reader.integer(UInt8.self, in: 0...UInt8(levels.count - 1)))
            let policy: Policy = try reader.state()
            set(policy, level: level, from: try reader.state())
        }
        guard !isTooLarge else { throw DamagedState("too many groups and nodes have policies of their own") }
    }
}
