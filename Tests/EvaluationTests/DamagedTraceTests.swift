import PhiAccrual
import TestSupport
import Testing

/// Bytes of valid traces are changed at random. The reader gives rows or a `TraceError`. The replay ends with finite
/// numbers.
@Suite struct `A damaged trace` {
    @Test(arguments: SoundTrace.allCases, seeds(20, quickly: 5))
    func `is read or refused, and replayed up to the damage`(trace: SoundTrace, seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let sound = trace.bytes(using: &random)
        for _ in 0..<50 {
            var bytes = sound
            for _ in 0..<Int.random(in: 1...2, using: &random) { bytes.damage(using: &random) }
            try withFile(of: bytes) { path in
                try CheckedReplay.run(path, .adaptive(.init()))
                let name = DetectorSpec.names.randomElement(using: &random) ?? "normal"
                try CheckedReplay.run(path, try DetectorSpec(parsing: name))
            }
        }
    }

    @Test(arguments: SoundTrace.allCases, DetectorSpec.names)
    func `was valid before the damage`(trace: SoundTrace, detector: String) throws {
        var random = SplitMix64(seed: 1)
        try withFile(of: trace.bytes(using: &random)) { path in
            let (samples, error) = try CheckedReplay.run(path, try DetectorSpec(parsing: detector))
            #expect(error == nil)
            #expect(samples == SoundTrace.count)
        }
    }
}

enum SoundTrace: CaseIterable {
    case csv, ping, column

    static let count = 60

    func bytes(using random: inout SplitMix64) -> [UInt8] {
        let lines = (0..<Self.count).map { number in
            let late = Int.random(in: 100_000...900_000, using: &random)  // ns
            let second = 1_732_188_912 + number
            let microseconds = String(1_000_000 + late / 1000).dropFirst()
            return switch self {
            case .csv: "node-\(number % 2),\(number / 2),\(second)000000000,\(second)000\(late)"
            case .ping:
                "[\(second).\(microseconds)] 64 bytes from web (10.0.0.1): icmp_seq=\(number + 1) ttl=64 time=0.\(late / 1000) ms"
            case .column: "\(second).\(microseconds)"
            }
        }
        let opening =
            switch self {
            case .csv: "node,seq,sent_ns,arrival_ns\n"
            case .ping: "PING web (10.0.0.1) 56(84) bytes of data.\n"
            case .column: "timestamp\n"
            }
        return Array((opening + lines.joined(separator: "\n") + "\n").utf8)
    }
}

extension [UInt8] {
    fileprivate mutating func damage(using random: inout SplitMix64) {
        guard !isEmpty else { return }
        let place = Int.random(in: 0..<count, using: &random)
        switch UInt64.random(in: 0..<8, using: &random) {
        case 0: self[place] = UInt8.random(in: 0...255, using: &random)
        case 1: self[place] = Self.telling.randomElement(using: &random) ?? 0
        case 2: insert(Self.telling.randomElement(using: &random) ?? 0, at: place)
        case 3: remove(at: place)
        case 4: removeSubrange(place..<Swift.min(count, place + Int.random(in: 1...80, using: &random)))
        case 5: insert(contentsOf: self[place..<Swift.min(count, place + 80)], at: place)
        case 6 where random.chance(0.2): removeSubrange(place...)
        default: replaceNumber(near: place, by: Self.numbers.randomElement(using: &random) ?? "0")
        }
    }

    /// Bytes that have a meaning in at least one format.
    private static let telling = Array("0123456789-+.,eE[]() \t\r\n#\0\u{7}\"".utf8) + [0xC3, 0xEF, 0xFF, 0x1F]
    private static let numbers = [
        "0", "-1", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "9223372036.854775807", "1e18",
        "-1e-300", "1732188999.5", "1732188999000000000", "65535", "40000", "nan", "inf", "99999999999999999999999999",
    ]

    private mutating func replaceNumber(near place: Int, by text: String) {
        func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
        guard let start = self[place...].firstIndex(where: isDigit) else { return }
        let end = self[start...].firstIndex { !isDigit($0) } ?? count
        replaceSubrange(start..<end, with: text.utf8)
    }
}
