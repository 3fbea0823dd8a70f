import PhiAccrual

/// A size with its unit, as in `64MB`: thousands as `KB`, `MB`, `GB`, `TB`; 1024s as `KiB`, `MiB`, `GiB`, `TiB`.
enum ByteCount {
    private static let units: [(name: String, bytes: Double)] = [
        ("TiB", 0x1p40), ("TB", 1e12), ("GiB", 0x1p30), ("GB", 1e9), ("MiB", 0x1p20), ("MB", 1e6), ("KiB", 0x1p10),
        ("KB", 1e3), ("B", 1),
    ]

    /// - Throws: For anything else, also below 1 byte or beyond an `Int`.
    static func parse(_ text: String) throws(InvalidByteCount) -> Int {
        let unit = text.drop(while: { $0.isASCII && ($0.isNumber || $0 == ".") })
        guard let size = units.first(where: { $0.name == unit }), let number = Double(text.dropLast(unit.count)),
            let bytes = Int(exactly: (number * size.bytes).rounded()), bytes > 0
        else { throw InvalidByteCount(text: text) }
        return bytes
    }

    /// What `parse` reads, in the unit that needs the smallest whole number.
    static func notation(_ bytes: Int) -> String {
        let unit = units.first { bytes % Int($0.bytes) == 0 } ?? units[units.count - 1]
        return "\(bytes / Int(unit.bytes))\(unit.name)"
    }
}

struct InvalidByteCount: Error, CustomStringConvertible {
    let text: String
    var description: String {
        "\"\(text.escapingControls)\" is no size: write a number with its unit, such as 500KB, 64MB or 1GB"
    }
}
