import Foundation
import Testing

/// Stored layouts and the bytes that pin them, in a text file: the name of a layout, then its bytes in hexadecimal, or its
/// lines after a quotation mark.
///
/// A test that fails here says that files of released versions would be misread. Run it with `PHI_GOLDEN=write` to
/// write the file anew.
public struct GoldenBytes {
    private static let isWriting = ProcessInfo.processInfo.environment["PHI_GOLDEN"] == "write"

    private let path: String
    private var layouts: [(name: String, bytes: [UInt8], isText: Bool)] = []

    /// - Parameters:
    ///   - name: The file's name.
    ///   - test: The test's source file; `Golden` is a folder in the folder of its module's tests.
    public init(_ name: String, ofTest test: String = #filePath) {
        var folder = URL(fileURLWithPath: test).deletingLastPathComponent()
        while !folder.lastPathComponent.hasSuffix("Tests"), folder.path != "/" { folder.deleteLastPathComponent() }
        path = folder.appendingPathComponent("Golden/\(name)").path
    }

    public mutating func add(_ name: String, _ bytes: [UInt8]) { layouts.append((name, bytes, false)) }
    public mutating func add(_ name: String, _ text: String) { layouts.append((name, Array(text.utf8), true)) }

    /// Records an issue for every layout that differs from the file.
    public func check(sourceLocation: SourceLocation = #_sourceLocation) throws {
        if Self.isWriting { try text.write(toFile: path, atomically: true, encoding: .utf8) }
        let golden = try Self.read(path)
        #expect(
            Set(golden.keys) == Set(layouts.map(\.name)), "\(path) pins other layouts than the test makes",
            sourceLocation: sourceLocation)
        for (name, bytes, _) in layouts {
            guard let expected = golden[name], expected != bytes else { continue }
            let place = zip(expected, bytes).enumerated().first { $0.element.0 != $0.element.1 }?.offset
            Issue.record(
                """
                the stored layout "\(name)" shifted: \(expected.count) bytes are now \(bytes.count), and byte \
                \(place ?? min(expected.count, bytes.count)) is the first that differs. Files of released versions would be \
                misread. If the change is intended, give the layout a new version number, keep reading the old one, and \
                then write \(path) anew with PHI_GOLDEN=write.
                """, sourceLocation: sourceLocation)
        }
    }

    private var text: String {
        layouts.map { name, bytes, isText in
            ([name] + (isText ? Self.quoted(bytes) : Self.hexadecimal(bytes))).joined(separator: "\n  ") + "\n"
        }.joined()
    }
    private static func quoted(_ bytes: [UInt8]) -> [String] {
        String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map {
            "\"\($0)"
        }
    }
    private static func hexadecimal(_ bytes: [UInt8]) -> [String] {
        stride(from: 0, to: bytes.count, by: 48).map { start in
            bytes[start..<min(start + 48, bytes.count)].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
    }

    private static func read(_ path: String) throws -> [String: [UInt8]] {
        var (layouts, name): ([String: [UInt8]], String) = ([:], "")
        for line in try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n") {
            guard line.hasPrefix("  ") else {
                name = String(line)
                layouts[name] = []
                continue
            }
            if line.hasPrefix("  \"") {
                let separator: [UInt8] = layouts[name] == [] ? [] : [UInt8(ascii: "\n")]
                layouts[name]? += separator + Array(line.dropFirst(3).utf8)
                continue
            }
            let digits = Array(line.dropFirst(2).utf8)
            for place in stride(from: 0, to: digits.count - 1, by: 2) {
                let byte = UInt8(String(decoding: digits[place...place + 1], as: UTF8.self), radix: 16)
                layouts[name]?.append(try #require(byte))
            }
        }
        return layouts
    }
}
