import Foundation
import GRDB
import PhiAccrual

/// A value stored as one row of a table.
protocol StoredRow {
    /// The row's values in the order of the table's columns, without the checksum.
    var columns: [DatabaseValue] { get }
    init(from row: inout RowReader) throws(StoreDamage)
}

/// Reads a row's values in the order in which they were written, after verifying the row's checksum.
///
/// The last column of each row is a checksum of all others. SQLite detects a torn page, but not a flipped bit in a
/// policy or in learned state.
struct RowReader {
    private var rest: ArraySlice<DatabaseValue>

    init(_ row: Row) throws(StoreDamage) {
        let values = Array(row.databaseValues)
        guard case .int64(Int64(checksum(of: values.dropLast()))) = values.last?.storage else {
            throw StoreDamage("a row has a wrong checksum")
        }
        rest = values.dropLast()
    }

    private mutating func next() throws(StoreDamage) -> DatabaseValue.Storage {
        guard let value = rest.popFirst() else { throw StoreDamage("a row has too few columns") }
        return value.storage
    }
    mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type = Value.self) throws(StoreDamage) -> Value {
        guard case .int64(let wide) = try next(), let value = Value(exactly: wide) else {
            throw StoreDamage("a row has an invalid number")
        }
        return value
    }
    mutating func key() throws(StoreDamage) -> NodeKey {
        NodeKey(rawValue: UInt64(bitPattern: try integer(Int64.self)))
    }
    mutating func text() throws(StoreDamage) -> String {
        guard case .string(let text) = try next() else { throw StoreDamage("a row has an invalid text") }
        return text
    }
    /// A name; nil if the column contains `noName`.
    mutating func name() throws(StoreDamage) -> String? {
        let name = try text()
        return name == noName ? nil : name
    }
    mutating func identity() throws(StoreDamage) -> NodeIdentity? {
        let (group, name) = (try name(), try name())
        guard let group, let name else { return nil }
        do { return try NodeIdentity(group: group, name: name) } catch { throw StoreDamage("\(error)") }
    }
    mutating func bytes() throws(StoreDamage) -> [UInt8] {
        guard case .blob(let data) = try next() else { throw StoreDamage("a row has invalid bytes") }
        return Array(data)
    }
}

/// Stands for nil among names, as in topics. It is not a valid name. NULL would not do: NULLs are never equal in an
/// index.
let noName = "-"

extension DatabaseValue {
    static func number(_ value: some FixedWidthInteger) -> DatabaseValue { Int64(clamping: value).databaseValue }
    static func key(_ key: NodeKey) -> DatabaseValue { Int64(bitPattern: key.rawValue).databaseValue }
    static func name(_ name: String?) -> DatabaseValue { (name ?? noName).databaseValue }
    static func bytes(_ bytes: [UInt8]) -> DatabaseValue { Data(bytes).databaseValue }
}

/// CRC-32 over values. It includes the kind and length of each, so that bytes that move to a neighbouring value are
/// detected.
func checksum(of values: some Sequence<DatabaseValue>) -> UInt32 {
    var sum: UInt32 = 0
    func add(_ bytes: UnsafeRawBufferPointer, kind: UInt8) {
        withUnsafeBytes(of: (UInt64(bytes.count) << 8 | UInt64(kind)).littleEndian) { head in
            sum = crc32(of: head, after: sum)
        }
        sum = crc32(of: bytes, after: sum)
    }
    for value in values {
        switch value.storage {
        case .null: add(UnsafeRawBufferPointer(start: nil, count: 0), kind: 0)
        case .int64(let number): withUnsafeBytes(of: number.littleEndian) { add($0, kind: 1) }
        case .double(let number): withUnsafeBytes(of: number.bitPattern.littleEndian) { add($0, kind: 2) }
        case .string(var text): text.withUTF8 { add(UnsafeRawBufferPointer($0), kind: 3) }
        case .blob(let data): data.withUnsafeBytes { add($0, kind: 4) }
        }
    }
    return sum
}

extension Database {
    /// Writes a row. It replaces a row with the same primary key, unless `end`, the end of the statement, says
    /// otherwise.
    func put(_ value: some StoredRow, into table: String, _ end: String = "") throws {
        let columns = value.columns
        let marks = repeatElement("?", count: columns.count + 1).joined(separator: ",")
        try cachedStatement(sql: "\(end.isEmpty ? "REPLACE" : "INSERT") INTO \(table) VALUES (\(marks)) \(end)")
            .execute(arguments: StatementArguments(columns + [.number(checksum(of: columns))]))
    }

    /// Reads the rows of a table one by one; damaged ones are nil.
    func forEach<Value: StoredRow>(
        _ type: Value.Type = Value.self, of table: String, orderedBy order: String, _ body: (Value?) throws -> Void
    ) throws {
        let rows = try Row.fetchCursor(self, sql: "SELECT * FROM \(table) ORDER BY \(order)")
        while let row = try rows.next() { try body(Value(reading: row)) }
    }
}

extension StoredRow {
    fileprivate init?(reading row: Row) {
        do throws(StoreDamage) {
            var reader = try RowReader(row)
            try self.init(from: &reader)
        } catch {
            return nil
        }
    }
}
