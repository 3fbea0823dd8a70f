import BinaryCoding

// Stored names and policies, in the state of a detector and in operator changes.

extension NodeKey: BinaryCodable {
    public func write(to writer: inout BinaryWriter) { writer.write(rawValue) }
    public init(from reader: inout BinaryReader) throws(CorruptData) { rawValue = try reader.integer() }
}

extension NodeIdentity: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(group)
        writer.write(name)
    }
    public init(from reader: inout BinaryReader) throws(CorruptData) {
        let group = try reader.text()
        let name = try reader.text()
        do { try self.init(group: group, name: name) } catch { throw CorruptData("\(error)") }
    }
}

extension Policy: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
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
    public init(from reader: inout BinaryReader) throws(CorruptData) {
        switch try reader.integer(UInt8.self, in: 0...2) {
        case 0: self = .phi(try reader.double(in: .leastNonzeroMagnitude...Policy.maxPhi))
        case 1: self = .price(try reader.double(in: .leastNonzeroMagnitude...Policy.maxPrice))
        default: self = .mistakes(try reader.state())
        }
    }
}

extension MistakeBudget: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
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
    public init(from reader: inout BinaryReader) throws(CorruptData) {
        if try reader.bool() {
            rate = .every(try reader.double(in: .leastNonzeroMagnitude ... .greatestFiniteMagnitude))
        } else {
            rate = .perHeartbeat(try reader.double(in: .leastNonzeroMagnitude...1))
        }
        within = try reader.optional { reader throws(CorruptData) in try reader.integer(in: 1...(.max)) }
    }
}

extension Origin: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
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
    public init(from reader: inout BinaryReader) throws(CorruptData) {
        source = try reader.state()
        switch try reader.integer(UInt8.self, in: 0...2) {
        case 0: scope = .everyone
        case 1: scope = .group(try reader.text())
        default: scope = .node(try reader.state())
        }
    }
}

extension Origin.Source: BinaryCodable {
    private var storedNumber: UInt8 {
        switch self {
        case .standard: 0
        case .file: 1
        case .environment: 2
        case .option: 3
        case .tune: 4
        }
    }
    public func write(to writer: inout BinaryWriter) { writer.write(storedNumber) }
    public init(from reader: inout BinaryReader) throws(CorruptData) {
        let number: UInt8 = try reader.integer()
        guard let source = Self.allCases.first(where: { $0.storedNumber == number }) else {
            throw CorruptData("a policy has the unknown origin \(number)")
        }
        self = source
    }
}

extension Level: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(name)
        writer.write(policy)
        writer.write(origin.source)
    }
    public init(from reader: inout BinaryReader) throws(CorruptData) {
        let name = try reader.text()
        let policy: Policy = try reader.state()
        let source: Origin.Source = try reader.state()
        do { self = try Level(name: name, policy: policy).set(by: source) } catch { throw CorruptData("\(error)") }
    }
}

extension PolicyTable: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(UInt8(levels.count))
        for level in levels { writer.write(level) }
        writer.write(UInt32(entries.count))
        for entry in entries {
            writer.write(UInt8(entry.level))
            writer.write(entry.policy)
            writer.write(entry.origin)
        }
    }
    public init(from reader: inout BinaryReader) throws(CorruptData) {
        var levels: [Level] = []
        for _ in 0..<(try reader.integer(UInt8.self, in: 1...8)) { levels.append(try reader.state()) }
        guard Set(levels.map(\.name)).count == levels.count else { throw CorruptData("two levels have the same name") }
        self.init(levels: levels)
        for _ in 0..<(try reader.count(ofBytes: 12)) {  // minimum: level, policy, source, and scope
            let level = Int(try reader.integer(UInt8.self, in: 0...UInt8(levels.count - 1)))
            let policy: Policy = try reader.state()
            set(policy, level: level, from: try reader.state())
        }
        guard !isTooLarge else { throw CorruptData("too many groups and nodes have overrides") }
    }
}
