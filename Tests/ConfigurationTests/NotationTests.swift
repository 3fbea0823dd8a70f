import Testing

@testable import Configuration

@Suite struct `A size` {
    @Test(arguments: [
        ("1B", 1), ("64MB", 64_000_000), ("1.5KB", 1500), ("2KiB", 2048), ("1GB", 1_000_000_000), ("3GiB", 3 << 30),
        ("2TB", 2_000_000_000_000), ("1TiB", 1 << 40), ("1MiB", 1 << 20),
    ]) func `is parsed and printed with its unit`(text: String, bytes: Int) throws {
        #expect(try ByteCount.parse(text) == bytes)
        #expect(try ByteCount.parse(ByteCount.notation(bytes)) == bytes)
    }

    @Test(arguments: ["", "64", "MB", "64 MB", "-1MB", "0MB", "1e3MB", "9999999999TB", "nanB", "infB", "64mb"])
    func `that is malformed is an error`(text: String) {
        #expect(throws: InvalidByteCount.self) { try ByteCount.parse(text) }
    }
}

@Suite struct `The nearest name` {
    @Test(arguments: [
        ("levles", "levels"), ("levels", "levels"), ("HOLD", "hold"), ("hodl", "hold"), ("stat", "state"),
        ("detectorr", "detector"), ("group", "groups"), ("xyz", nil), ("", nil), ("retain", nil),
    ]) func `is the one within a few typing errors`(written: String, meant: String?) {
        #expect(written.nearest(in: ConfigurationKey.all.map(\.name)) == meant)
    }
}
