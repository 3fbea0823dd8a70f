import TestSupport
import Testing

@testable import PhiAccrual

@Suite struct `A key table` {
    /// Keys that share one bucket at every table size, as a hostile sender could find them who knew the seed.
    private func colliding(_ count: Int) -> [UInt64] {
        // `KeyTable` mixes keys with the finalizer of MurmurHash3, and takes bits from 32 up. Undone, the numbers below
        // 2³² are the keys of bucket 0.
        func inverse(_ factor: UInt64) -> UInt64 {
            var inverse: UInt64 = 1
            for _ in 0..<6 { inverse = inverse &* (2 &- factor &* inverse) }
            return inverse
        }
        return (0..<UInt64(count)).map { number in
            var key = number &* inverse(0xC4CE_B9FE_1A85_EC53)
            key = (key ^ (key >> 33)) &* inverse(0xFF51_AFD7_ED55_8CCD)
            return key ^ (key >> 33)
        }
    }

    @Test(arguments: 0..<10 as Range<UInt64>) func `finds what a dictionary finds`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var (table, dictionary) = (KeyTable(), [UInt64: Int]())
        // Few keys, so that they come and go often. A third of them are from `colliding`.
        let keys = colliding(50) + (0..<100).map { _ in random.next() } + [0, 1, .max]
        for number in 0..<20_000 {
            let key = keys[Int.random(in: keys.indices, using: &random)]
            if dictionary[key] == nil, random.chance(0.6) {
                table.insert(key, slot: number)
                dictionary[key] = number
            } else {
                table.remove(key)
                dictionary[key] = nil
            }
            #expect(table.count == dictionary.count)
            let asked = keys[Int.random(in: keys.indices, using: &random)]
            #expect(table[asked] == dictionary[asked])
        }
        for key in keys { #expect(table[key] == dictionary[key]) }
    }
    @Test func `finds keys constructed to collide, also after half are removed`() {
        var table = KeyTable()
        let keys = colliding(300)
        #expect(Set(keys).count == 300)
        #expect(keys.allSatisfy { table.home(of: $0) == table.home(of: keys[0]) })
        for (slot, key) in keys.enumerated() { table.insert(key, slot: slot) }
        #expect(keys.allSatisfy { table.home(of: $0) == table.home(of: keys[0]) }, "in a table that has grown, too")
        for (slot, key) in keys.enumerated() { #expect(table[key] == slot) }
        for key in keys.prefix(150) { table.remove(key) }
        for (slot, key) in keys.enumerated() { #expect(table[key] == (slot < 150 ? nil : slot)) }
    }
    @Test func `grows without losing a key`() {
        var (table, random) = (KeyTable(), SplitMix64(seed: 1))
        let keys = (0..<20_000).map { _ in random.next() }
        for (slot, key) in keys.enumerated() { table.insert(key, slot: slot) }
        #expect(table.count == keys.count)
        #expect(keys.indices.allSatisfy { table[keys[$0]] == $0 })
        for key in keys { table.remove(key) }
        #expect(table.count == 0)
        #expect(keys.allSatisfy { table[$0] == nil })
    }
    @Test func `ignores a key it does not have`() {
        var table = KeyTable()
        table.remove(5)
        #expect(table.count == 0)
        #expect(table[5] == nil)
        table.insert(0, slot: 0)
        #expect(table[0] == 0)
    }
}
