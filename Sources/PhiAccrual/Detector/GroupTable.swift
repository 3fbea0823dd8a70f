import BinaryCoding

/// The groups of nodes: their names, their members, what each group learned, and when it was last heard.
///
/// Group 0 has no name. It is for nodes whose group is not known yet, and for groups beyond the limit.
struct GroupTable<State: BinaryCodable & Sendable>: Sendable {
    /// Maximum number of groups that learn together. Names come from the network, and each group costs some kilobytes.
    static var limit: Int { 1024 }

    private let fresh: [State]  // the initial state of a group; in an array, since it is large
    private var states: [State]
    private(set) var names = [""]
    private var numbers: [String: UInt16] = [:]
    private var members: [[Int32]] = [[]]  // slots
    private var lastArrivals: [Int64] = [.min]  // ns; of any member
    private var memberIndices: [Int32] = []  // per slot: the index in its group's members; −1 if it is in no group

    init(fresh state: State) {
        fresh = [state]
        states = fresh
    }

    var numbersInUse: Range<UInt16> { 0..<UInt16(names.count) }

    /// What the nodes of a group learned together.
    @inline(__always) subscript(number: UInt16) -> State {
        @inline(__always) _read { yield states[Int(number)] }
        @inline(__always) _modify { yield &states[Int(number)] }
    }

    /// The number of the group with this name, which is added if it is new; 0 if there are too many groups.
    mutating func number(named name: String) -> UInt16 {
        if let known = numbers[name] { return known }
        guard names.count < Self.limit else { return 0 }
        let number = UInt16(names.count)
        numbers[name] = number
        names.append(name)
        states += fresh
        members.append([])
        lastArrivals.append(.min)
        return number
    }

    // MARK: Members

    /// Adds a slot behind the last one. It is in no group.
    mutating func appendSlot() { memberIndices.append(-1) }

    func isMember(_ slot: Int) -> Bool { memberIndices[slot] >= 0 }

    /// - Precondition: The slot is in no group.
    mutating func join(_ slot: Int, _ number: UInt16) {
        memberIndices[slot] = Int32(members[Int(number)].count)
        members[Int(number)].append(Int32(slot))
    }

    /// - Precondition: The slot is in this group.
    mutating func leave(_ slot: Int, _ number: UInt16) {
        let index = Int(memberIndices[slot])
        memberIndices[slot] = -1
        // The last member fills the gap.
        guard let last = members[Int(number)].popLast(), Int(last) != slot else { return }
        members[Int(number)][index] = last
        memberIndices[Int(last)] = Int32(index)
    }

    /// The slots of the members, in an order that joins and leaves determine.
    func members(of number: UInt16) -> [Int32] { members[Int(number)] }
    @inline(__always) func memberCount(of number: UInt16) -> Int { members[Int(number)].count }
    @inline(__always) func member(_ index: Int, of number: UInt16) -> Int { Int(members[Int(number)][index]) }

    // MARK: Arrivals

    @inline(__always) mutating func noteArrival(in number: UInt16, at now: Int64) { lastArrivals[Int(number)] = now }

    /// Whether a member was heard at `instant` or later.
    @inline(__always) func isHeard(_ number: UInt16, since instant: Int64) -> Bool {
        lastArrivals[Int(number)] >= instant
    }
    /// Whether any node was heard at `instant` or later.
    func isAnyHeard(since instant: Int64) -> Bool { lastArrivals.contains { $0 >= instant } }
}

/// Everything but the members, whose slots the table of nodes must know first.
extension GroupTable: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(fresh[0])
        writer.write(UInt32(names.count))
        for group in names.indices {
            writer.write(names[group])
            writer.write(states[group])
            writer.write(lastArrivals[group])
        }
    }

    init(from reader: inout BinaryReader) throws(CorruptData) {
        self.init(fresh: try reader.state())
        (names, states, members, lastArrivals) = ([], [], [], [])
        for number in 0..<(try reader.integer(UInt32.self, in: 1...UInt32(Self.limit))) {
            let name = try reader.text()
            names.append(name)
            states.append(try reader.state())
            members.append([])
            lastArrivals.append(try reader.integer())
            guard number > 0 else { continue }
            guard numbers.updateValue(UInt16(number), forKey: name) == nil else {
                throw CorruptData("a group occurs twice")
            }
        }
    }
}
