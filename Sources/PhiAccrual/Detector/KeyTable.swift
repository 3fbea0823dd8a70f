/// Finds a node's slot by its key: open addressing, linear probing, no tombstones.
struct KeyTable: Sendable {
    /// Key and slot side by side, so that a look-up costs one cache miss.
    private struct Bucket {
        var key: UInt64 = 0
        var slot: Int32 = -1  // −1: empty
    }
    private var buckets = Array(repeating: Bucket(), count: 16)
    private(set) var count = 0
    private let seed: UInt64

    init(seed: UInt64 = 0) { self.seed = seed }

    private var mask: Int { buckets.count - 1 }

    /// Keys should be hashes, but hostile senders may choose them, so they are mixed with the seed.
    func home(of key: UInt64) -> Int {
        // The finalizer of MurmurHash3: each bit of the key changes each bit of the result with even odds.
        var mixed = key ^ seed
        mixed = (mixed ^ (mixed >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        mixed = (mixed ^ (mixed >> 33)) &* 0xC4CE_B9FE_1A85_EC53
        return Int(truncatingIfNeeded: mixed >> 32) & mask
    }

    /// Prefetches a key's bucket.
    @inline(__always) func prefetch(_ key: UInt64) {
        let home = home(of: key)
        buckets.prefetch(home..<home + 1)
    }

    subscript(key: UInt64) -> Int? {
        var bucket = home(of: key)
        while buckets[bucket].slot >= 0 {
            if buckets[bucket].key == key { return Int(buckets[bucket].slot) }
            bucket = (bucket + 1) & mask
        }
        return nil
    }

    /// - Precondition: `key` is not in the table.
    mutating func insert(_ key: UInt64, slot: Int) {
        if count * 2 >= buckets.count { grow() }
        put(key, slot: Int32(slot))
        count += 1
    }

    mutating func remove(_ key: UInt64) {
        var hole = home(of: key)
        while buckets[hole].slot >= 0, buckets[hole].key != key { hole = (hole + 1) & mask }
        guard buckets[hole].slot >= 0 else { return }
        count -= 1
        // Close the hole: each entry behind it moves up, unless that would put it before its home.
        var bucket = (hole + 1) & mask
        while buckets[bucket].slot >= 0 {
            let distanceFromHome = (bucket - home(of: buckets[bucket].key)) & mask
            if distanceFromHome >= (bucket - hole) & mask {
                buckets[hole] = buckets[bucket]
                hole = bucket
            }
            bucket = (bucket + 1) & mask
        }
        buckets[hole] = Bucket()
    }

    private mutating func put(_ key: UInt64, slot: Int32) {
        var bucket = home(of: key)
        while buckets[bucket].slot >= 0 { bucket = (bucket + 1) & mask }
        buckets[bucket] = Bucket(key: key, slot: slot)
    }

    private mutating func grow() {
        let old = buckets
        buckets = Array(repeating: Bucket(), count: old.count * 2)
        for bucket in old where bucket.slot >= 0 { put(bucket.key, slot: bucket.slot) }
    }
}
