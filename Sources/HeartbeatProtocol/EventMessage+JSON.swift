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

extension TransitionMessage: JSONObject {
    mutating func visit<Fields: JSONFields>(_ fields: inout Fields) throws(Fields.Failure) {
        try fields.field("at", &place.at)
        try fields.field("disconnected_seconds", &disconnectedSeconds)
        try fields.field("epoch", &place.epoch)
        try fields.field("expected_seconds", &expectedSeconds)
        try fields.field("explanation", &explanation)
        try fields.field("from", &from)
        try fields.field("group", &group)
        try fields.field("incarnation", &incarnation)
        try fields.constant("kind", Self.kind)
        try fields.field("level", &level)
        try fields.field("missing", &missing)
        try fields.field("node", &node)
        try fields.field("own_late_seconds", &ownLateSeconds)
        try fields.field("phi", &phi)
        try fields.field("prev", &place.previous)
        try fields.field("samples", &samples)
        try fields.field("sender_late_seconds", &senderLateSeconds)
        try fields.field("sequence", &place.sequence)
        try fields.field("silence_seconds", &silenceSeconds)
        try fields.field("threshold", &threshold)
        try fields.field("to", &to)
    }
}

extension TransitionMessage.Threshold: JSONObject {
    mutating func visit<Fields: JSONFields>(_ fields: inout Fields) throws(Fields.Failure) {
        try fields.field("origin", &origin)
        try fields.field("phi", &phi)
        try fields.field("policy", &policy)
        try fields.field("seconds", &seconds)
    }
}

extension NoticeMessage: JSONObject {
    mutating func visit<Fields: JSONFields>(_ fields: inout Fields) throws(Fields.Failure) {
        try fields.field("at", &place.at)
        try fields.field("code", &code)
        try fields.field("epoch", &place.epoch)
        try fields.field("explanation", &explanation)
        try fields.field("group", &group)
        try fields.field("key", &key)
        try fields.field("kind", &kind)
        try fields.field("node", &node)
        try fields.field("numbers", &numbers)
        try fields.field("prev", &place.previous)
        try fields.field("sequence", &place.sequence)
    }
}

extension Verdict: JSONScalar {}
extension NoticeMessage.Kind: JSONScalar {}

extension EventMessage: Codable {
    /// The bytes that subscribers receive: the same as `WireJSON.encode`, produced many times faster.
    public var json: [UInt8] {
        switch self {
        case .transition(let message): JSONFieldWriter.json(message)
        case .notice(let message): JSONFieldWriter.json(message)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .transition(let message): try JSONFieldEncoder.encode(message, to: encoder)
        case .notice(let message): try JSONFieldEncoder.encode(message, to: encoder)
        }
    }

    public init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: JSONFieldKey.self)
        let kind = try object.decode(String.self, forKey: JSONFieldKey("kind"))
        if kind == TransitionMessage.kind {
            self = .transition(try JSONFieldReader.read(from: object))
        } else if NoticeMessage.Kind(rawValue: kind) != nil {
            self = .notice(try JSONFieldReader.read(from: object))
        } else {
            throw DecodingError.dataCorruptedError(
                forKey: JSONFieldKey("kind"), in: object, debugDescription: "unknown kind of event: \(kind)")
        }
    }
}

extension Verdict: Codable {}
