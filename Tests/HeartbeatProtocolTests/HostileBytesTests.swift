import HeartbeatProtocol
import PhiAccrual
import TestSupport
import Testing

@Suite struct `Malformed heartbeats` {
    struct Example: Sendable, CustomTestStringConvertible {
        var what: String
        var bytes: [UInt8]
        var reason: MalformedHeartbeat
        var testDescription: String { what }

        init(_ what: String, _ bytes: [UInt8], _ reason: MalformedHeartbeat) {
            (self.what, self.bytes, self.reason) = (what, bytes, reason)
        }
    }
    private static let compact = GoldenFrames.compact
    private static let long = GoldenFrames.long
    private static func announcing(_ seconds: Float) -> [UInt8] {
        compact.replacing(12, with: withUnsafeBytes(of: seconds.bitPattern.littleEndian) { Array($0) })
    }
    /// The first 32 bytes of the golden long frame, followed by these fields.
    private static func announcing(_ group: [UInt8], _ name: [UInt8], _ rest: [UInt8] = [0, 0]) -> [UInt8] {
        Array(long[..<32]) + [UInt8(group.count)] + group + [UInt8(name.count)] + name + rest
    }
    private static func labels(_ json: String) -> [UInt8] {
        announcing(
            Array("lab".utf8), Array("a".utf8), [UInt8(json.utf8.count & 255), UInt8(json.utf8.count >> 8)] + json.utf8)
    }
    private static func naming(_ name: String) -> [UInt8] { announcing(Array("lab".utf8), Array(name.utf8)) }

    static let examples: [Example] = [
        Example("nothing", [], .empty),
        Example("another letter", [0x51], .foreign),
        Example("another second letter", [0x50, 0x49], .foreign),
        Example("another second letter in a whole frame", compact.replacing(1, with: [0x68]), .foreign),
        Example("32 zeros", [UInt8](repeating: 0, count: 32), .foreign),
        Example("2000 zeros", [UInt8](repeating: 0, count: 2000), .foreign),

        Example("version 0", compact.replacing(10, with: [0]), .unknownVersion),
        Example("version 2", compact.replacing(10, with: [2]), .unknownVersion),
        Example("version 255 in the long form", long.replacing(10, with: [255]), .unknownVersion),
        Example("version 2 and no more", Array(compact.replacing(10, with: [2])[..<11]), .unknownVersion),
        Example(
            "version 2 of another size", compact.replacing(10, with: [2]) + [UInt8](repeating: 0, count: 2000),
            .unknownVersion),

        Example("one letter", [0x50], .tooShort),
        Example("two letters", [0x50, 0x48], .tooShort),
        Example("all but one byte", compact.dropLast(), .tooShort),
        Example("one byte more", compact + [0], .tooLong),
        Example("a long form without its flag", long.replacing(11, with: [1]), .tooLong),
        Example("1025 bytes", long + [UInt8](repeating: 0x20, count: 1025 - long.count), .tooLong),

        Example("flag 4", compact.replacing(11, with: [4]), .unknownFlags),
        Example("flag 128 and known ones", long.replacing(11, with: [128 | 3]), .unknownFlags),
        Example("all flags", compact.replacing(11, with: [255]), .unknownFlags),

        Example("not a number", announcing(.nan), .badInterval),
        Example("a negative interval", announcing(-1), .badInterval),
        Example("the least negative interval", announcing(-.leastNonzeroMagnitude), .badInterval),
        Example("infinity", announcing(.infinity), .badInterval),
        Example("negative infinity", announcing(-.infinity), .badInterval),

        Example("a long form with nothing after its head", Array(long[..<32]), .badLength),
        Example("a group that never ends", Array(long[..<32]) + [255, 0x61], .badLength),
        Example("no name", Array(long[..<36]), .badLength),
        Example("a name that ends early", Array(long[..<36]) + [2, 0x61], .badLength),
        Example("no labels", Array(long[..<38]), .badLength),
        Example("half the labels' length", Array(long[..<39]), .badLength),
        Example("labels that end early", long.dropLast(), .badLength),
        Example("labels of 64 KiB, it says", Array(long[..<38]) + [255, 255, 0x7b, 0x7d], .badLength),
        Example("a byte after the labels", long + [0], .badLength),

        Example("a byte that UTF-8 never has", announcing([0xff], [0x61]), .notUTF8),
        Example("an overlong encoding", announcing([0xc0, 0x80], [0x61]), .notUTF8),
        Example("half a surrogate pair", announcing([0x61], [0xed, 0xa0, 0x80]), .notUTF8),
        Example("half a letter", announcing([0x61], [0xc3]), .notUTF8),

        Example("an empty group", announcing([], [0x61]), .badName),
        Example("an empty name", announcing([0x61], []), .badName),
        Example("65 bytes of name", naming(String(repeating: "x", count: 65)), .badName),
        Example("255 bytes of name", naming(String(repeating: "x", count: 255)), .badName),
        Example("a slash", naming("a/b"), .badName),
        Example("a line break", naming("a\n"), .badName),
        Example("a zero", naming("a\u{0}"), .badName),
        Example("a lone hyphen", naming("-"), .badName),

        Example("another node's key", naming("b"), .keyMismatch),
        Example("a wrong key", long.replacing(9, with: [0]), .keyMismatch),
        Example("a name in other case", naming("A"), .keyMismatch),

        Example("an array", labels("[]"), .badLabels),
        Example("null", labels("null"), .badLabels),
        Example("a number", labels("1"), .badLabels),
        Example("a label that is a number", labels(#"{"a":1}"#), .badLabels),
        Example("a label that is null", labels(#"{"a":null}"#), .badLabels),
        Example("a label that is an object", labels(#"{"a":{}}"#), .badLabels),
        Example("half an object", labels("{"), .badLabels),
        Example("two objects", labels("{}{}"), .badLabels),
        Example("no JSON", labels("zone=b"), .badLabels),
        Example("a space", labels(" "), .badLabels),
        Example("950 brackets", labels(String(repeating: "[", count: 950)), .badLabels),
        Example("no UTF-8", announcing(Array("lab".utf8), [0x61], [7, 0] + #"{"a":""#.utf8 + [0xff]), .badLabels),
    ]

    @Test(arguments: examples) func `are refused with the reason`(example: Example) {
        #expect(ReadHeartbeat.malformation(of: example.bytes) == example.reason)
    }
    @Test func `have an example for each reason except multipart`() {
        #expect(Set(Self.examples.map(\.reason)) == Set(MalformedHeartbeat.allCases).subtracting([.multipart]))
    }
    @Test func `include every truncated frame`() {
        for frame in [GoldenFrames.compact, GoldenFrames.long] {
            for count in frame.indices where !(frame == GoldenFrames.long && count == frame.count) {
                let reason = ReadHeartbeat.malformation(of: Array(frame[..<count]))
                #expect(reason == (count == 0 ? .empty : count < 32 ? .tooShort : .badLength))
            }
        }
    }
}

@Suite struct `Corrupted frames` {
    /// Checks that an accepted frame decodes to the same heartbeat after encoding it again. Intervals above 2³³ s
    /// (272 years) are not distinguished.
    private func isAccepted(_ bytes: [UInt8]) -> Bool {
        guard var read = try? ReadHeartbeat(bytes) else { return false }
        read.heartbeat.announcedInterval = min(read.heartbeat.announcedInterval, .seconds(1 << 33))
        #expect((try? ReadHeartbeat(read.bytes)) == read, "\(bytes)")
        return true
    }
    @Test func `with one wrong byte never trap or pass under another name`() {
        for frame in [GoldenFrames.compact, GoldenFrames.long] {
            for offset in frame.indices {
                for byte in UInt8.min ... .max where byte != frame[offset] {
                    let accepted = isAccepted(frame.replacing(offset, with: [byte]))
                    switch offset {
                    case 0, 1, 10: #expect(!accepted)
                    case 2..<10, 32..<38: #expect(!accepted || frame.count == 32)
                    case 38, 39: #expect(!accepted)
                    case 16..<32: #expect(accepted)
                    default: break
                    }
                }
            }
        }
    }
    @Test func `never trap in 100,000 random variants`() {
        var random = SplitMix64(seed: 20_260_101)
        var (accepted, reasons): (Int, [MalformedHeartbeat: Int]) = (0, [:])
        for number in 0..<100_000 {
            var bytes: [UInt8]
            switch number % 4 {
            case 0:  // noise
                bytes = (0..<Int.random(in: 0...80, using: &random)).map { _ in .random(in: 0...255, using: &random) }
            case 1:  // noise after a valid header
                bytes =
                    Array(GoldenFrames.long[..<32])
                    + (0..<Int.random(in: 0...40, using: &random)).map { _ in .random(in: 0...255, using: &random) }
            default:  // a valid frame with some bytes changed, added, or lost
                bytes = number % 4 == 2 ? GoldenFrames.compact : GoldenFrames.long
                for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
                    let offset = Int.random(in: bytes.indices, using: &random)
                    switch Int.random(in: 0..<8, using: &random) {
                    case 0: bytes.remove(at: offset)
                    case 1: bytes.insert(.random(in: 0...255, using: &random), at: offset)
                    default: bytes[offset] = .random(in: 0...255, using: &random)
                    }
                }
            }
            if isAccepted(bytes) {
                accepted += 1
            } else if let reason = ReadHeartbeat.malformation(of: bytes) {
                reasons[reason, default: 0] += 1
            }
        }
        #expect(accepted > 5000)
        #expect(accepted + reasons.values.reduce(0, +) == 100_000)
        #expect(Set(reasons.keys) == Set(MalformedHeartbeat.allCases).subtracting([.multipart]))
    }
}
