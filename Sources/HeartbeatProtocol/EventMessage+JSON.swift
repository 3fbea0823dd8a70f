import PhiAccrual
import PlatformFoundation

/// JSON as this project writes it: keys are sorted, so that equal values give equal bytes.
public enum WireJSON {
    public static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }
    public static func decode<Value: Decodable>(_ type: Value.Type, from bytes: some Collection<UInt8>) throws -> Value
    {
        try JSONDecoder().decode(type, from: Data(bytes))
    }
}

extension EventMessage: Codable {
    private enum Keys: String, CodingKey {
        case kind, epoch, sequence, prev, at, group, node, incarnation, level, from, to, phi, threshold, missing,
            samples
        case explanation, code, key, numbers
        case silence = "silence_seconds"
        case expected = "expected_seconds"
        case senderLate = "sender_late_seconds"
        case ownLate = "own_late_seconds"
        case disconnected = "disconnected_seconds"
    }

    // Keys without a value are written as null: readers need not check whether a key exists.
    public func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Keys.self)
        try object.encode(place.epoch, forKey: .epoch)
        try object.encode(place.sequence, forKey: .sequence)
        try object.encode(place.previous, forKey: .prev)
        try object.encode(place.at, forKey: .at)
        switch self {
        case .transition(let message):
            try object.encode("transition", forKey: .kind)
            try object.encode(message.group, forKey: .group)
            try object.encode(message.node, forKey: .node)
            try object.encode(message.incarnation, forKey: .incarnation)
            try object.encode(message.level, forKey: .level)
            try object.encode(message.from, forKey: .from)
            try object.encode(message.to, forKey: .to)
            try object.encode(message.phi, forKey: .phi)
            try object.encode(message.silenceSeconds, forKey: .silence)
            try object.encode(message.expectedSeconds, forKey: .expected)
            try object.encode(message.threshold, forKey: .threshold)
            try object.encode(message.missing, forKey: .missing)
            try object.encode(message.senderLateSeconds, forKey: .senderLate)
            try object.encode(message.ownLateSeconds, forKey: .ownLate)
            try object.encode(message.samples, forKey: .samples)
            try object.encode(message.disconnectedSeconds, forKey: .disconnected)
            try object.encode(message.explanation, forKey: .explanation)
        case .notice(let message):
            try object.encode(message.kind.rawValue, forKey: .kind)
            try object.encode(message.code, forKey: .code)
            try object.encode(message.group, forKey: .group)
            try object.encode(message.node, forKey: .node)
            try object.encode(message.key, forKey: .key)
            try object.encode(message.numbers, forKey: .numbers)
            try object.encode(message.explanation, forKey: .explanation)
        }
    }

    public init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: Keys.self)
        let place = EventPosition(
            epoch: try object.decode(UInt64.self, forKey: .epoch),
            sequence: try object.decode(UInt64.self, forKey: .sequence),
            previous: try object.decode(UInt64.self, forKey: .prev), at: try object.decode(Timestamp.self, forKey: .at))
        let kind = try object.decode(String.self, forKey: .kind)
        switch (kind, NoticeMessage.Kind(rawValue: kind)) {
        case ("transition", _):
            self = .transition(
                TransitionMessage(
                    place: place, group: try object.decode(String.self, forKey: .group),
                    node: try object.decode(String.self, forKey: .node),
                    incarnation: try object.decode(UInt32.self, forKey: .incarnation),
                    level: try object.decode(String.self, forKey: .level),
                    from: try object.decode(Verdict.self, forKey: .from),
                    to: try object.decode(Verdict.self, forKey: .to),
                    phi: try object.decodeIfPresent(Double.self, forKey: .phi),
                    silenceSeconds: try object.decode(Double.self, forKey: .silence),
                    expectedSeconds: try object.decodeIfPresent(Double.self, forKey: .expected),
                    threshold: try object.decode(TransitionMessage.Threshold.self, forKey: .threshold),
                    missing: try object.decode(Int64.self, forKey: .missing),
                    senderLateSeconds: try object.decodeIfPresent(Double.self, forKey: .senderLate),
                    ownLateSeconds: try object.decode(Double.self, forKey: .ownLate),
                    samples: try object.decode(Int.self, forKey: .samples),
                    disconnectedSeconds: try object.decodeIfPresent(Double.self, forKey: .disconnected),
                    explanation: try object.decode(String.self, forKey: .explanation)))
        case (_, let kind?):
            self = .notice(
                NoticeMessage(
                    kind: kind, place: place, code: try object.decode(String.self, forKey: .code),
                    group: try object.decodeIfPresent(String.self, forKey: .group),
                    node: try object.decodeIfPresent(String.self, forKey: .node),
                    key: try object.decodeIfPresent(String.self, forKey: .key),
                    numbers: try object.decodeIfPresent([String: Double].self, forKey: .numbers) ?? [:],
                    explanation: try object.decode(String.self, forKey: .explanation)))
        case (_, nil):
            throw DecodingError.dataCorruptedError(
                forKey: .kind, in: object, debugDescription: "unknown kind of event: \(kind)")
        }
    }
}

extension Verdict: Codable {}

extension TransitionMessage.Threshold: Codable {
    private enum Keys: String, CodingKey { case policy, phi, seconds, origin }
    public init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: Keys.self)
        policy = try object.decode(String.self, forKey: .policy)
        phi = try object.decodeIfPresent(Double.self, forKey: .phi)
        seconds = try object.decodeIfPresent(Double.self, forKey: .seconds)
        origin = try object.decode(String.self, forKey: .origin)
    }
    public func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Keys.self)
        try object.encode(policy, forKey: .policy)
        try object.encode(phi, forKey: .phi)
        try object.encode(seconds, forKey: .seconds)
        try object.encode(origin, forKey: .origin)
    }
}
