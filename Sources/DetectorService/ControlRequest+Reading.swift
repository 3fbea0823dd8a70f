import HeartbeatProtocol
import PhiAccrual

extension ControlFrame {
    /// Parses a request. Sets its id even if the rest is invalid, so that the client can match the error to its
    /// request.
    static func reading(_ bytes: [UInt8], id: inout Int64) throws(ControlError) -> ControlFrame {
        struct Identified: Decodable { var id: Int64? }
        id = (try? WireJSON.decode(Identified.self, from: bytes).id) ?? 0
        do {
            return try WireJSON.decode(ControlFrame.self, from: bytes)
        } catch {
            let example = #"{"id": 1, "do": "status"}"#
            throw ControlError(
                .malformed,
                "invalid request (\(counted(bytes.count, "byte"))): \(Self.reason(error)); send for example \(example)")
        }
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "\"\(key.stringValue)\" is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            context.codingPath.last.map { "\"\($0.stringValue)\" has the wrong type" } ?? "not a JSON object"
        case DecodingError.dataCorrupted(let context):
            context.codingPath.last.map { "\"\($0.stringValue)\" is out of range" } ?? "not valid JSON"
        default: "not a JSON object"
        }
    }
}
