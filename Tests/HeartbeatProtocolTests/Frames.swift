import HeartbeatProtocol
import PhiAccrual

/// A frame as a detector decodes it.
struct ReadHeartbeat: Hashable {
    var heartbeat: Heartbeat
    var announcement: NodeAnnouncement?

    init(_ bytes: [UInt8]) throws(MalformedHeartbeat) {
        let result = bytes.withUnsafeBytes { frame in
            Result { () throws(MalformedHeartbeat) -> (Heartbeat, NodeAnnouncement?) in
                let (heartbeat, announces) = try HeartbeatFrame.decode(frame)
                guard announces else { return (heartbeat, nil) }
                let tail = UnsafeRawBufferPointer(rebasing: frame[HeartbeatFrame.compactSize...])
                return (heartbeat, try NodeAnnouncement(decoding: tail, key: heartbeat.key))
            }
        }
        (heartbeat, announcement) = try result.get()
    }
    var bytes: [UInt8] { HeartbeatFrame.encode(heartbeat, announcing: announcement) }

    static func malformation(of bytes: [UInt8]) -> MalformedHeartbeat? {
        do throws(MalformedHeartbeat) {
            _ = try ReadHeartbeat(bytes)
            return nil
        } catch {
            return error
        }
    }
}

extension [UInt8] {
    /// Parses bytes in the notation of the documentation: `50 48 0a`.
    init(hex: String) { self = hex.split(whereSeparator: \.isWhitespace).compactMap { UInt8($0, radix: 16) } }

    /// A copy in which `bytes` replace as many bytes from `offset` on.
    func replacing(_ offset: Int, with bytes: [UInt8]) -> [UInt8] {
        var copy = self
        copy.replaceSubrange(offset..<(offset + bytes.count), with: bytes)
        return copy
    }
}

/// Complete frames, byte by byte.
enum GoldenFrames {
    static let compact = [UInt8](
        hex: """
            50 48
            0a 71 4c 41 90 3a 79 72
            01
            00
            00 00 80 3e
            c2 b1 a0 65
            04 03 02 01
            88 77 66 55 44 33 22 11
            """)
    //  offset
    //   0  magic `PH`
    //   2  key: the first eight bytes of SHA-256 of `lab/a`
    //  10  version 1
    //  11  flags: none
    //  12  announced interval, 0.25 s as float32
    //  16  incarnation 0x65a0b1c2
    //  20  sequence 0x01020304
    //  24  sent 0x1122334455667788 ns

    /// The example in `docs/protocol.md`.
    static let documented = [UInt8](
        hex: """
            50 48
            2b 24 70 f4 e7 c6 78 79
            01
            00
            00 00 80 3f
            00 f1 53 65
            00 00 00 00
            15 cd 5b 07 00 00 00 00
            """)

    static let long = [UInt8](
        hex: """
            50 48 0a 71 4c 41 90 3a 79 72 01
            03
            00 00 80 3e c2 b1 a0 65 04 03 02 01 88 77 66 55 44 33 22 11
            03 6c 61 62
            01 61
            10 00
            7b 22 7a 6f 6e 65 22 3a 22 62 2f c3 bc 22 7d 20
            """)
    //  11  flags: leaving (1) and long form (2)
    //  32  group, 3 bytes: `lab`
    //  36  name, 1 byte: `a`
    //  38  labels, 16 bytes: `{"zone":"b/ü"} ` with a space that JSON allows
}
