import PhiAccrual

/// A size with a unit, such as `64MB`. `KB`, `MB`, `GB`, `TB` are powers of 1000; `KiB`, `MiB`, `GiB`, `TiB` of 1024.
enum ByteCount {
    private static let units: [(name: String, bytes: Double)] = [
        ("TiB", 0x1p40), ("TB", 1e12), ("GiB", 0x1p30), ("GB", 1e9), ("MiB", 0x1p20), ("MB", 1e6), ("KiB", 0x1p10),
        ("KB", 1e3), ("B", 1),
    ]

    /// - Throws: For any other text, and for sizes below 1 byte or above `Int.max`.
    static func parse(_ text: String) throws(InvalidByteCount) -> Int {
        let unit = text.drop(while: { $0.isASCII && ($0.isNumber || $0 == ".") })
        guard let size = units.first(where: { $0.name == unit }), let number = Double(text.dropLast(unit.count)),
            let bytes = Int(exactly: (number * size.bytes).rounded()), bytes > 0
        else { throw InvalidByteCount(text: text) }
        return bytes
    }

    /// The text that `parse` reads, in the largest unit that gives a whole number.
    static func notation(_ bytes: Int) -> String {
        let unit = units.first { bytes % Int($0.bytes) == 0 } ?? units[units.count - 1]
        return "\(bytes / Int(unit.bytes))\(unit.name)"
    }
}

struct InvalidByteCount: Error, CustomStringConvertible {
    let text: String
    var description: String {
        "\"\(text.escapingControls)\" is not a size: write a number with a unit, such as 500KB, 64MB, or 1GB"
    }
}
