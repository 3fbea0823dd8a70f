/// A JSON object whose fields are listed once, for writing and for reading.
protocol JSONObject {
    init()
    /// Passes each field with its key, in alphabetical order of keys.
    ///
    /// Nil is written as null: readers need not check whether a key exists. A missing optional field is read as nil, so
    /// that events which were stored before the field existed can still be read.
    mutating func visit<Fields: JSONFields>(_ fields: inout Fields) throws(Fields.Failure)
}

/// Writes or reads the fields of an object, one by one.
protocol JSONFields {
    associatedtype Failure: Error
    mutating func field<Value: JSONScalar>(_ key: StaticString, _ value: inout Value) throws(Failure)
    mutating func field<Value: JSONScalar>(_ key: StaticString, _ value: inout Value?) throws(Failure)
    mutating func field(_ key: StaticString, _ object: inout some JSONObject) throws(Failure)
    /// Numbers by name, in the order of names. If the key is missing, there are none.
    mutating func field(_ key: StaticString, _ numbers: inout [String: Double]) throws(Failure)
    /// A text that is the same in all objects of this type.
    mutating func constant(_ key: StaticString, _ text: String) throws(Failure)
}

/// A value that is not an object.
protocol JSONScalar: Codable {
    func write(to line: inout JSONLine)
}

extension Int: JSONScalar { func write(to line: inout JSONLine) { line.add(self) } }
extension Int64: JSONScalar { func write(to line: inout JSONLine) { line.add(self) } }
extension UInt32: JSONScalar { func write(to line: inout JSONLine) { line.add(self) } }
extension UInt64: JSONScalar { func write(to line: inout JSONLine) { line.add(self) } }
extension Double: JSONScalar { func write(to line: inout JSONLine) { line.add(self) } }
extension String: JSONScalar { func write(to line: inout JSONLine) { line.add(self) } }
extension Timestamp: JSONScalar { func write(to line: inout JSONLine) { line.add(description) } }

extension JSONScalar where Self: RawRepresentable<String> {
    func write(to line: inout JSONLine) { line.add(rawValue) }
}

/// Writes fields for publishing, where a general encoder would take longer than everything else together.
struct JSONFieldWriter: JSONFields {
    typealias Failure = Never
    private var line = JSONLine()

    /// The bytes of an object. They equal those of `WireJSON.encode`.
    static func json(_ object: some JSONObject) -> [UInt8] {
        var (object, writer) = (object, JSONFieldWriter())
        object.visit(&writer)
        return writer.line.end()
    }

    mutating func field<Value: JSONScalar>(_ key: StaticString, _ value: inout Value) {
        line.begin(key)
        value.write(to: &line)
    }
    mutating func field<Value: JSONScalar>(_ key: StaticString, _ value: inout Value?) {
        line.begin(key)
        if let value { value.write(to: &line) } else { line.addNull() }
    }
    mutating func field(_ key: StaticString, _ object: inout some JSONObject) {
        line.begin(key)
        line.open()
        object.visit(&self)
        line.close()
    }
    mutating func field(_ key: StaticString, _ numbers: inout [String: Double]) {
        line.begin(key)
        line.open()
        for (name, number) in numbers.sorted(by: { $0.key < $1.key }) {
            line.begin(name.utf8)
            line.add(number)
        }
        line.close()
    }
    mutating func constant(_ key: StaticString, _ text: String) {
        line.begin(key)
        line.add(text)
    }
}

/// Reads fields into an object.
struct JSONFieldReader: JSONFields {
    typealias Failure = any Error
    private let container: KeyedDecodingContainer<JSONFieldKey>

    static func read<Object: JSONObject>(
        _ type: Object.Type = Object.self, from container: KeyedDecodingContainer<JSONFieldKey>
    ) throws -> Object {
        var (object, reader) = (Object(), JSONFieldReader(container: container))
        try object.visit(&reader)
        return object
    }

    func field<Value: JSONScalar>(_ key: StaticString, _ value: inout Value) throws {
        value = try container.decode(Value.self, forKey: JSONFieldKey(key))
    }
    func field<Value: JSONScalar>(_ key: StaticString, _ value: inout Value?) throws {
        value = try container.decodeIfPresent(Value.self, forKey: JSONFieldKey(key))
    }
    func field<Object: JSONObject>(_ key: StaticString, _ object: inout Object) throws {
        let inner = try container.nestedContainer(keyedBy: JSONFieldKey.self, forKey: JSONFieldKey(key))
        object = try Self.read(from: inner)
    }
    func field(_ key: StaticString, _ numbers: inout [String: Double]) throws {
        numbers = try container.decodeIfPresent([String: Double].self, forKey: JSONFieldKey(key)) ?? [:]
    }
    func constant(_ key: StaticString, _ text: String) {}
}

/// Passes fields to a general encoder, for objects within other JSON.
struct JSONFieldEncoder: JSONFields {
    typealias Failure = any Error
    private var container: KeyedEncodingContainer<JSONFieldKey>

    static func encode(_ object: some JSONObject, to encoder: any Encoder) throws {
        var (object, fields) = (object, JSONFieldEncoder(container: encoder.container(keyedBy: JSONFieldKey.self)))
        try object.visit(&fields)
    }

    mutating func field<Value: JSONScalar>(_ key: StaticString, _ value: inout Value) throws {
        try container.encode(value, forKey: JSONFieldKey(key))
    }
    mutating func field<Value: JSONScalar>(_ key: StaticString, _ value: inout Value?) throws {
        try container.encode(value, forKey: JSONFieldKey(key))
    }
    mutating func field(_ key: StaticString, _ object: inout some JSONObject) throws {
        var inner = JSONFieldEncoder(
            container: container.nestedContainer(keyedBy: JSONFieldKey.self, forKey: JSONFieldKey(key)))
        try object.visit(&inner)
    }
    mutating func field(_ key: StaticString, _ numbers: inout [String: Double]) throws {
        try container.encode(numbers, forKey: JSONFieldKey(key))
    }
    mutating func constant(_ key: StaticString, _ text: String) throws {
        try container.encode(text, forKey: JSONFieldKey(key))
    }
}

struct JSONFieldKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ key: StaticString) { stringValue = key.description }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
