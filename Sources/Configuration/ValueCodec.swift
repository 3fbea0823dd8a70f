import PhiAccrual
import ZeroMQ

/// How the value of a key is parsed into `ServiceConfiguration`, checked, compared, and printed.
struct ValueCodec: Sendable {
    /// Applies a value that was written under the path. Reports a problem if it is invalid.
    let parse: @Sendable (_ builder: inout ConfigurationBuilder, _ value: RawValue, _ path: String) -> Void
    /// Adds the lines of an equivalent file.
    let print: @Sendable (_ text: inout ConfigurationText, _ path: String) -> Void
    let isEqual: @Sendable (ServiceConfiguration, ServiceConfiguration) -> Bool
    /// The default as it is printed; nil if it is no single value.
    var standard: String?
    /// The nested keys.
    var parts: [ConfigurationKey] = []
    /// Checks that need all sources. They run after all sources are parsed, in the order of the keys.
    private(set) var checks: [Check] = []

    typealias Check =
        @Sendable (
            _ builder: inout ConfigurationBuilder, _ path: String, _ lateness: (String) throws -> LatenessProfile
        ) -> Void

    func checking(_ check: @escaping Check) -> Self {
        var codec = self
        codec.checks.append(check)
        return codec
    }
}

// The codecs of single values.

extension ValueCodec {
    /// A text that `parse` turns into the value. It throws `Unexpected` if `expected` says all there is to say.
    static func text<Value: Equatable & SendableMetatype>(
        _ part: WritableKeyPath<ServiceConfiguration, Value> & Sendable, expected: String,
        parse: @escaping @Sendable (String) throws -> Value, notation: @escaping @Sendable (Value) -> String
    ) -> ValueCodec {
        ValueCodec(
            parse: { builder, value, path in
                guard let text = builder.text(of: value, path, expected: expected) else { return }
                do { builder.set(path, part, try parse(text), at: value.location) } catch is Unexpected {
                    builder.report(value, path, expected: expected)
                } catch { builder.report(value.location, "\(error)") }
            },
            print: { text, path in text.add(path, notation(text.configuration[keyPath: part])) },
            isEqual: { $0[keyPath: part] == $1[keyPath: part] },
            standard: notation(ServiceConfiguration()[keyPath: part]))
    }

    /// A text, or `none`.
    static func optionalText(
        _ part: WritableKeyPath<ServiceConfiguration, String?> & Sendable, expected: String
    ) -> ValueCodec {
        text(part, expected: expected, parse: { $0 == "none" ? nil : $0 }, notation: { $0 ?? "none" })
    }

    static func duration(
        _ part: WritableKeyPath<ServiceConfiguration, Duration> & Sendable, upTo maxDuration: Duration? = nil
    ) -> ValueCodec {
        text(
            part, expected: "a duration such as 24h",
            parse: { text in
                let duration = try Duration(parsing: text)
                guard duration > .zero else { throw NotPositive(text: text) }
                if let maxDuration, duration > maxDuration { throw TooLong(text: text, maxDuration: maxDuration) }
                return duration
            }, notation: \.notation)
    }

    static func wholeNumber(
        _ part: WritableKeyPath<ServiceConfiguration, Int> & Sendable, in range: ClosedRange<Int>
    ) -> ValueCodec {
        text(
            part, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            parse: { text throws(Unexpected) in
                guard let number = Int(text), range.contains(number) else { throw Unexpected() }
                return number
            }, notation: \.description)
    }

    static func size(
        _ part: WritableKeyPath<ServiceConfiguration, Int> & Sendable, example: String
    ) -> ValueCodec {
        text(
            part, expected: "a size such as \(example)", parse: { try ByteCount.parse($0) },
            notation: { ByteCount.notation($0) })
    }

    static func endpoints(_ part: WritableKeyPath<ServiceConfiguration, [Endpoint]> & Sendable) -> ValueCodec {
        ValueCodec(
            parse: { builder, value, path in
                guard let items = builder.items(of: value, path, expected: "an endpoint or a list of endpoints") else {
                    return
                }
                let endpoints = items.map { (endpoint: Endpoint($0.text), location: $0.location) }
                builder.endpoints[path] = endpoints
                builder.set(path, part, endpoints.map(\.endpoint), at: value.location)
            },
            print: { text, path in text.add(path, list: text.configuration[keyPath: part].map(\.address)) },
            isEqual: { $0[keyPath: part] == $1[keyPath: part] },
            standard: ServiceConfiguration()[keyPath: part].map(\.address).joined(separator: " ")
        ).checking { builder, path, _ in
            for (endpoint, location) in builder.endpoints[path] ?? [] {
                if let mistake = endpoint.mistake { builder.report(location, mistake) }
            }
        }
    }

    /// A key that can only be `off` so far.
    static func alwaysOff(_ refusal: @escaping @Sendable (String) -> String) -> ValueCodec {
        ValueCodec(
            parse: { builder, value, path in
                guard let text = builder.text(of: value, path, expected: "off") else { return }
                guard text == "off" else { return builder.report(value.location, refusal(text.escapingControls)) }
                builder.locate(path, at: value.location)
            }, print: { text, path in text.add(path, "off") }, isEqual: { _, _ in true }, standard: "off")
    }
}

// The codecs of mappings.

extension ValueCodec {
    /// A mapping with nested keys. A nested key that is not written keeps its previous value.
    static func mapping(_ parts: [ConfigurationKey]) -> ValueCodec {
        ValueCodec(
            parse: { builder, value, path in
                builder.parse(value, as: parts, path, expected: mapping(with: parts))
            },
            print: { text, path in text.add(path, mapping: parts) },
            isEqual: { new, old in parts.allSatisfy { $0.codec.isEqual(new, old) } }, parts: parts)
    }

    /// A mapping that `off` turns off. A text can stand for the first of its nested keys, described by `shorthand`.
    /// - Parameter standard: The value when the mapping is turned on.
    static func optional<Value: Hashable & Sendable>(
        _ part: WritableKeyPath<ServiceConfiguration, Value?> & Sendable, _ standard: Value, shorthand: String?,
        _ parts: [ConfigurationKey]
    ) -> ValueCodec {
        let expected = shorthand.map { "off, \($0), or \(mapping(with: parts))" } ?? "off or \(mapping(with: parts))"
        var codec = ValueCodec(
            parse: { builder, value, path in
                if case .text(let text) = value.content {
                    if text == "off" { return builder.set(path, part, nil, at: value.location) }
                    var changed = builder
                    if shorthand != nil, let first = parts.first {
                        first.codec.parse(&changed, value, first.path)
                        if changed.problems.count == builder.problems.count { return builder = changed }
                    }
                    return builder.report(value, path, expected: expected)
                }
                if case .mapping = value.content, builder.configuration[keyPath: part] == nil {
                    builder.configuration[keyPath: part] = standard
                }
                builder.parse(value, as: parts, path, expected: expected)
            },
            print: { text, path in
                if text.configuration[keyPath: part] == nil {
                    text.add(path, "off")
                } else {
                    text.add(path, mapping: parts)
                }
            }, isEqual: { $0[keyPath: part] == $1[keyPath: part] }, parts: parts)
        codec.standard = ServiceConfiguration()[keyPath: part] == nil ? "off" : nil
        return codec
    }

    /// “a mapping with flaps, within, and quiet_period”
    private static func mapping(with parts: [ConfigurationKey]) -> String {
        let names = parts.map(\.name)
        let last = names.last ?? ""
        return names.count < 3
            ? "a mapping with \(names.joined(separator: " and "))"
            : "a mapping with \(names.dropLast().joined(separator: ", ")), and \(last)"
    }
}

extension Optional {
    /// The value, or `other` if it is nil; for changing one part of it.
    subscript(or other: Wrapped) -> Wrapped {
        get { self ?? other }
        set { self = newValue }
    }
}

extension Int64 {
    /// The number of nanoseconds as a duration.
    var asDuration: Duration {
        get { .nanoseconds(self) }
        set { self = newValue.nanoseconds }
    }
}

/// The value is not what its key expects, and there is nothing to add.
struct Unexpected: Error {}

private struct TooLong: Error, CustomStringConvertible {
    let text: String
    let maxDuration: Duration
    var description: String { "\"\(text.escapingControls)\" is too long: the maximum is \(maxDuration.notation)" }
}

private struct NotPositive: Error, CustomStringConvertible {
    let text: String
    var description: String { "\"\(text.escapingControls)\" is not above 0: write for example 250ms or 1s" }
}
