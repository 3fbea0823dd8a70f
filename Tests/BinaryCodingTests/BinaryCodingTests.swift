import BinaryCoding
import Testing

@Suite struct `Binary values` {
    private struct Pair: BinaryCodable, Equatable {
        var number: Int32
        var text: String?

        init(number: Int32, text: String?) { (self.number, self.text) = (number, text) }
        init(from reader: inout BinaryReader) throws(CorruptData) {
            number = try reader.integer()
            text = try reader.optional { reader throws(CorruptData) in try reader.text() }
        }
        func write(to writer: inout BinaryWriter) {
            writer.write(number)
            writer.write(text) { $0.write($1) }
        }
    }

    @Test func `are written little-endian in their full width`() {
        var writer = BinaryWriter()
        writer.write(0x0102 as UInt16)
        writer.write(-2 as Int64)
        writer.write(true)
        writer.write(1.5 as Float)
        writer.write("ü")
        writer.write(nil as Int64?)
        writer.write(Pair(number: 3, text: "a"))
        let expected: [UInt8] = [
            2, 1, 254, 255, 255, 255, 255, 255, 255, 255, 1, 0, 0, 192, 63, 2, 0, 0, 0, 195, 188, 0, 3, 0, 0, 0, 1, 1,
            0, 0,
            0, 97,
        ]
        #expect(writer.bytes == expected)
    }
    @Test func `are read as they were written`() throws {
        var writer = BinaryWriter()
        writer.write(UInt64.max)
        writer.write(-0.1)
        writer.write(bytes: [7, 8])
        writer.write(Pair(number: .min, text: nil))
        var reader = BinaryReader(writer.bytes)
        #expect(try reader.integer(UInt64.self) == .max)
        #expect(try reader.double() == -0.1)
        #expect(try Array(reader.bytes()) == [7, 8])
        #expect(try reader.state(Pair.self) == Pair(number: .min, text: nil))
        #expect(reader.isAtEnd && reader.layout == .max)
    }
    @Test func `that are damaged are refused`() {
        func refuse(_ bytes: [UInt8], _ body: (inout BinaryReader) throws -> Void) {
            var reader = BinaryReader(bytes)
            #expect(throws: CorruptData.self) { try body(&reader) }
        }
        refuse([1, 2, 3]) { _ = try $0.integer(UInt32.self) }
        refuse([2]) { _ = try $0.bool() }
        refuse([9]) { _ = try $0.integer(UInt8.self, in: 0...8) }
        refuse([0, 0, 128, 127]) { _ = try $0.float() }  // infinity
        refuse([2, 0, 0, 0, 1]) { _ = try $0.bytes() }
        refuse([1, 0, 0, 0, 255]) { _ = try $0.text() }
        refuse([255, 255, 255, 255, 0]) { _ = try $0.count(ofBytes: 1) }
    }
}
