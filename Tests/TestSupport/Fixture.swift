import CZlib
import Foundation
import Testing

/// A file of an earlier version, in `Tests/Fixtures`.
public enum Fixture {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures").path

    /// The bytes of a packed file, by its name without `.gz`.
    public static func bytes(_ name: String) throws -> [UInt8] { try unpacked("\(folder)/\(name).gz") }

    public static func lines(_ name: String) throws -> [String] {
        String(decoding: try bytes(name), as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// Unpacks all files of a folder into another one, which is created.
    public static func unpack(_ name: String, to target: String) throws {
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        for file in try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(name)") where file.hasSuffix(".gz")
        {
            try Data(try unpacked("\(folder)/\(name)/\(file)"))
                .write(to: URL(fileURLWithPath: "\(target)/\(file.dropLast(3))"))
        }
    }

    private static func unpacked(_ path: String) throws -> [UInt8] {
        let file = try #require(gzopen(path, "rb"), "\(path) is missing")
        defer { gzclose(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = gzread(file, &piece, UInt32(piece.count))
            try #require(count >= 0, "\(path) is damaged")
            if count == 0 { return bytes }
            bytes += piece.prefix(Int(count))
        }
    }
}
