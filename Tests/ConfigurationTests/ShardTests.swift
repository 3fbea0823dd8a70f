import Configuration
import PhiAccrual
import Testing

@Suite struct `A shard` {
    @Test(arguments: [1, 2, 3, 7, 100, 256]) func `is the only one of its set that contains a key`(count: Int) throws {
        let shards = try (1...count).map { try Shard(parsing: "\($0)/\(count)") }
        for byte in UInt8.min ... .max {
            let key = NodeKey(rawValue: UInt64(byte) << 56 | 0x00FF_FFFF_FFFF_FFFF)
            #expect(shards.count { $0.contains(key) } == 1)
        }
        // Any two shards differ by at most one in their number of first bytes.
        let sizes = shards.map(\.firstBytes.count)
        #expect(try #require(sizes.max()) - (try #require(sizes.min())) <= 1)
    }

    @Test func `is printed as it was parsed`() throws {
        #expect(try Shard(parsing: "2/4").description == "2/4")
        #expect(try Shard(parsing: "1/1") == .whole)
    }

    @Test(arguments: ["", "1", "0/4", "5/4", "1/257", "1/0", "-1/4", "1/2/3", "a/b", "1.5/4", "9999999999999999999/2"])
    func `that is malformed is refused with a valid example`(text: String) {
        let error = #expect(throws: InvalidShard.self) { try Shard(parsing: text) }
        #expect(error?.description.contains("2/4") == true)
    }
}
