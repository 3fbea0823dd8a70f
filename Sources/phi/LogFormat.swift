import Configuration
import EventLoop
import HeartbeatProtocol
import Logging

extension LogFormat {
    /// A logger that writes to standard error in this format.
    func logger(label: String, level: Logger.Level = .info) -> Logger {
        Logger(label: label) { _ in LineLog(format: self, logLevel: level) }
    }
}

/// Writes log lines to standard error.
private struct LineLog: LogHandler {
    let format: LogFormat
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let time = Timestamp(unixNanoseconds: WallClock.now).description
        var fields = [("time", time), ("level", event.level.rawValue), ("message", "\(event.message)")]
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        fields += all.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
        switch format {
        case .logfmt: Console.note(fields.map { "\($0)=\(Self.quoted($1))" }.joined(separator: " "))
        case .json:
            let object = Dictionary(fields) { first, _ in first }
            if let json = try? WireJSON.encode(object) { Console.note(String(decoding: json, as: UTF8.self)) }
        }
    }

    /// The text, quoted if a `key=value` parser could misread it.
    private static func quoted(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.unicodeScalars.allSatisfy { $0.value > 32 && $0 != "\"" && $0 != "\\" && $0.value != 127 }
        if isPlain { return text }
        let escaped = text.unicodeScalars.reduce(into: "") { text, scalar in
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            default:
                text +=
                    scalar.properties.generalCategory == .control
                    ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
            }
        }
        return "\"\(escaped)\""
    }
}
