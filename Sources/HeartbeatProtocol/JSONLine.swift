/// A JSON object that is built key by key, many times faster than by a general encoder.
struct JSONLine {
    private var bytes: [UInt8] = []

    init() {
        bytes.reserveCapacity(1024)
        open()
    }

    /// - Returns: The complete object.
    consuming func end() -> [UInt8] {
        close()
        return bytes
    }

    /// Begins an object, which is the value of the last key.
    mutating func open() { bytes.append(UInt8(ascii: "{")) }
    mutating func close() { bytes.append(UInt8(ascii: "}")) }

    // Creating a string from each key would take as long as everything else.
    mutating func begin(_ key: StaticString) { key.withUTF8Buffer { begin($0) } }
    mutating func begin(_ key: some Sequence<UInt8>) {
        if bytes.last != UInt8(ascii: "{") { bytes.append(UInt8(ascii: ",")) }  // no value ends with it
        bytes.append(UInt8(ascii: "\""))
        bytes += key
        bytes += "\":".utf8
    }

    mutating func addNull() { bytes += "null".utf8 }
    mutating func add(_ value: some FixedWidthInteger) { bytes += value.description.utf8 }
    mutating func add(_ value: Double) {
        // Like the general encoder, this writes whole numbers without a fraction. All values are finite.
        guard value.isFinite else { return addNull() }
        let text = value.description
        bytes += text.hasSuffix(".0") ? text.utf8.dropLast(2)[...] : text.utf8[...]
    }
    mutating func add(_ value: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 8: bytes += "\\b".utf8
            case 9: bytes += "\\t".utf8
            case 10: bytes += "\\n".utf8
            case 12: bytes += "\\f".utf8
            case 13: bytes += "\\r".utf8
            case ..<32: bytes += "\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
