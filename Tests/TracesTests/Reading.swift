import CZlib
import Foundation
import Traces

/// The result of reading one file: its rows and nodes, and the error that ended the reading, if any.
struct Reading: Equatable {
    var rows: [TraceRow] = []
    var nodes: [String] = []
    var error: TraceError?

    init(path: String, columnUnit: TimeUnit? = nil) {
        do throws(TraceError) {
            var reader = try TraceReader(path: path, columnUnit: columnUnit)
            defer { nodes = reader.nodes }
            while let row = try reader.next() { rows.append(row) }
        } catch {
            self.error = error
        }
    }

    /// Reads bytes through a temporary file.
    init(_ bytes: [UInt8], columnUnit: TimeUnit? = nil) {
        self = withFile(of: bytes) { Reading(path: $0, columnUnit: columnUnit) }
        error?.file = "trace.csv"
    }

    init(_ text: String, columnUnit: TimeUnit? = nil) { self.init(Array(text.utf8), columnUnit: columnUnit) }

    /// Reads these lines after a valid header.
    init(lines: String...) { self.init(header + lines.map { $0 + "\n" }.joined()) }
}

let header = "node,seq,sent_ns,arrival_ns\n"

/// Compresses a text in the gzip format with zlib's own writer.
func gzipped(_ text: String) throws -> [UInt8] {
    try withFile(of: []) { path in
        let writer = gzopen(path, "wb")
        let bytes = Array(text.utf8)
        gzwrite(writer, bytes, UInt32(bytes.count))
        gzclose(writer)
        return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }
}

/// Calls `body` with the path of a temporary file, and removes the file afterwards.
func withFile<Result>(of bytes: [UInt8], permissions: Int = 0o600, _ body: (String) throws -> Result) rethrows -> Result
{
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("phi-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let isThere = FileManager.default.createFile(
        atPath: path, contents: Data(bytes), attributes: [.posixPermissions: permissions])
    precondition(isThere, "no room for \(path)")
    return try body(path)
}

/// `count` rows of 7 nodes with numbers of many lengths: as text, and as the rows that a reader should give.
func longTrace(rows count: Int) -> (text: String, rows: [TraceRow]) {
    var text = header
    var rows: [TraceRow] = []
    for index in 0..<count {
        let row = TraceRow(
            node: index % 7, sequence: Int64(index / 7), sent: index % 3 == 0 ? nil : Int64(index * 1000 - 500_000),
            arrival: Int64(index * index))
        rows.append(row)
        text += "node-\(row.node),\(row.sequence),\(row.sent.map(String.init) ?? ""),\(row.arrival)\n"
    }
    return (text, rows)
}

/// The folder of that name in this file's folder, or in the nearest parent folder that has one.
func folder(_ name: String) -> URL? {
    var above = URL(fileURLWithPath: #filePath)
    while above.path != "/" {
        above.deleteLastPathComponent()
        let found = above.appendingPathComponent(name)
        if FileManager.default.fileExists(atPath: found.path) { return found }
    }
    return nil
}
