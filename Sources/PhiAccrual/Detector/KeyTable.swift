/// Finds a node's slot by its key: open addressing, linear probing, no tombstones.
struct KeyTable: Sendable {
    private var keys: [UInt64]
    private var slots: [Int32]  // −1 where nothing lies
    private(set) var count = 0
    private let seed: UInt64

    init(seed: UInt64 = 0) {
        self.seed = seed
        keys = Array(repeating: 0, count: 16)
        slots = Array(repeating: -1, count: 16)
    }

    private var mask: Int { slots.count - 1 }

    /// Keys are hashes already, but those of hostile senders need not be, so they are mixed with the seed.
    private func home(of key: UInt64) -> Int {
        // The finalizer of MurmurHash3: each bit of the key changes each bit of the place with even odds.
        var mixed = key ^ seed
        mixed = (mixed ^ (mixed >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        mixed = (mixed ^ (mixed >> 33)) &* 0xC4CE_B9FE_1A85_EC53
        return Int(truncatingIfNeeded: mixed >> 32) & mask
    }

    subscript(key: UInt64) -> Int? {
        var place = home(of: key)
        while slots[place] >= 0 {
            if keys[place] == key { return Int(slots[place]) }
            place = (place + 1) & mask
        }
        return nil
    }

    /// - Precondition: `key` is not in the table.
    mutating func insert(_ key: UInt64, slot: Int) {
        if count * 2 >= slots.count { grow() }
        place(key, Int32(slot))
        count += 1
    }

    mutating func remove(_ key: UInt64) {
        var hole = home(of: key)
        while slots[hole] >= 0, keys[hole] != key { hole = (hole + 1) & mask }
        guard slots[hole] >= 0 else { return }
        count -= 1
        // Close the hole: what lies behind it moves up, unless that would put it before its home.
        var place = (hole + 1) & mask
        while slots[place] >= 0 {
            let distanceFromHome = (place - home(of: keys[place])) & mask
            if distanceFromHome >= (place - hole) & mask {
                keys[hole] = keys[place]
                slots[hole] = slots[place]
                hole = place
            }
            place = (place + 1) & mask
        }
        slots[hole] = -1
    }

    private mutating func place(_ key: UInt64, _ slot: Int32) {
        var place = home(of: key)
        while slots[place] >= 0 { place = (place + 1) & mask }
        keys[place] = key
        slots[place] = slot
    }

    private mutating func grow() {
        let (oldKeys, oldSlots) = (keys, slots)
        keys = Array(repeating: 0, count: oldKeys.count * 2)
        slots = Array(repeating: -1, count: oldSlots.count * 2)
        for (key, slot) in zip(oldKeys, oldSlots) where slot >= 0 { place(key, slot) }
    }
}
