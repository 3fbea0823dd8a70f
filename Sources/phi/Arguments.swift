import ArgumentParser
import PhiAccrual
import PhiClient
import Traces
import ZeroMQ

// Option values parse themselves and describe their own errors. The argument parser only passes these on.

enum Parsing {
    /// Parses a duration with its unit, above 0.
    static func duration(_ text: String) throws -> Duration {
        let duration = try explained { try Duration(parsing: text) }
        guard duration > .zero else {
            throw ValidationError("\"\(text)\" is not above 0: write for example 250ms or 1s")
        }
        return duration
    }
    static func policy(_ text: String) throws -> Policy { try explained { try Policy(parsing: text) } }
    static func model(_ text: String) throws -> DetectorSpec { try explained { try DetectorSpec(parsing: text) } }

    /// Parses a level and its policy, such as `suspect=phi=8`.
    static func level(_ text: String) throws -> Level {
        guard let equals = text.firstIndex(of: "=") else {
            throw ValidationError("level \"\(text)\" has no policy: write for example 'suspect=phi=8'")
        }
        let policy = try policy(String(text[text.index(after: equals)...]))
        return try explained { try Level(name: String(text[..<equals]), policy: policy) }
    }

    static func profile(_ text: String) throws -> ProfileOption { try ProfileOption(parsing: text) }

    /// Parses the origin of a trace, such as `lan.csv=own recording`.
    static func origin(_ text: String) throws -> FitCommand.Origin {
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
            throw ValidationError("origin \"\(text)\" has no text: write for example 'lan.csv=own recording'")
        }
        return FitCommand.Origin(file: String(text[..<equals]), text: String(text[text.index(after: equals)...]))
    }

    /// Parses a label such as `zone=a`.
    static func label(_ text: String) throws -> Label {
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
            throw ValidationError("label \"\(text)\" has no value: write for example 'zone=eu-1'")
        }
        return Label(name: String(text[..<equals]), value: String(text[text.index(after: equals)...]))
    }

    /// Turns a library's error into a validation error, which ends the command with exit status 64.
    static func explained<Value>(_ body: () throws -> Value) throws -> Value {
        do { return try body() } catch { throw ValidationError("\(error)") }
    }
}

extension FeedReplica.Start: ExpressibleByArgument {}
extension Endpoint: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}
extension Sequence<Endpoint> {
    func joined(separator: String = "") -> String { map(\.address).joined(separator: separator) }
}
extension Verdict: ExpressibleByArgument {}
extension TimeUnit: ExpressibleByArgument {}
