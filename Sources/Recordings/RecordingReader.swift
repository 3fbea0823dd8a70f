import PhiAccrual

/// What a recording holds, in its order.
public enum RecordingItem: Hashable, Sendable {
    /// A file begins, and with it everything anew: the detector is as its checkpoint says. An empty one knows nothing.
    case beginning(RecordingHeader, checkpoint: [UInt8])
    /// Names known at the beginning.
    case names([KnownName])
    case input(DetectorInput)
    /// What is to be added from now on to instants for civil time, in nanoseconds.
    case clock(wallOffset: Int64)
    /// The rest of a file cannot be read. What follows is the beginning of the next one.
    case damage(RecordingDamage)
}

/// A part of a recording that cannot be read.
public struct RecordingDamage: Hashable, Sendable, CustomStringConvertible {
    public var path: String
    /// What is wrong, as it follows the name of the file.
    public var reason: String
    /// The file just ends too early, as it does when its recorder was killed. Only what it wrote last is missing.
    public var isTorn: Bool
    /// Bytes at the end of the file that were left out.
    public var skippedBytes: Int64

    public var description: String {
        "\(path.escapingControls) \(reason); the last \(skippedBytes) bytes are left out"
    }
}

/// Reads recordings: files in the order given, and of a folder all, oldest first.
///
/// Whatever files hold, reading them ends, takes no more memory than they are large, and gives only what passed its check.
public struct RecordingReader: ~Copyable {
    private var paths: ArraySlice<String>  // files not begun yet
    private var file: RecordFile?
    /// The file's header and so much of its checkpoint, until that is complete.
    private var opening: (header: RecordingHeader, checkpoint: [UInt8])?
    private var hasBegun = false
    private let size: Int64
    private var sizeOfRead: Int64 = 0  // of files read to their ends

    /// - Throws: If there is nothing to read, or one of the files is no recording.
    public init(_ paths: [String]) throws(RecordingError) {
        let files = try Self.files(paths)
        var size: Int64 = 0
        for path in files { size += try RecordFile(path: path).size }
        (self.paths, self.size) = (files[...], size)
    }

    /// The files themselves where folders are named.
    public static func files(_ paths: [String]) throws(RecordingError) -> [String] {
        var files: [String] = []
        for path in paths {
            guard RecordingFolder.isFolder(path) else {
                files.append(path)
                continue
            }
            let found = try RecordingFolder(path: path).files.map(\.path)
            guard !found.isEmpty else {
                throw RecordingError(path: path, reason: "must hold recordings (phi-*.phirec), found none")
            }
            files += found
        }
        return files
    }

    /// Whether a file, or a file of a folder, begins as a recording does.
    public static func isRecording(_ path: String) -> Bool {
        guard RecordingFolder.isFolder(path) else { return RecordFile.isRecording(path) }
        return (try? RecordingFolder(path: path))?.files.contains { RecordFile.isRecording($0.path) } ?? false
    }

    /// The file that the last part came from.
    public private(set) var path = ""

    /// The first header that can be read.
    public static func header(of paths: [String]) throws(RecordingError) -> RecordingHeader {
        var reader = try RecordingReader(paths)
        while let part = try reader.next() { if case .beginning(let header, _) = part { return header } }
        throw RecordingError(path: paths.joined(separator: ", "), reason: "has no beginning that can be read")
    }

    /// How much was read so far: 0 ... 1.
    public var share: Double {
        size == 0 ? 1 : min(1, Double(sizeOfRead + (file?.position ?? 0)) / Double(size))
    }

    /// Reads on.
    ///
    /// - Returns: Nil at the end.
    /// - Throws: If a file that was there is gone.
    public mutating func next() throws(RecordingError) -> RecordingItem? {
        while true {
            if file == nil {
                guard let path = paths.popFirst() else { return nil }
                file = try RecordFile(path: path)
                (self.path, opening, hasBegun) = (path, nil, false)
            }
            do throws(RecordFile.Discontinuity) {
                guard let record = try file?.next() else {
                    guard hasBegun else { throw .init(reason: "ends before its beginning is complete", isTorn: true) }
                    endFile()
                    continue
                }
                if let part = try part(of: record) { return part }
            } catch {
                let damage = RecordingDamage(
                    path: path, reason: error.reason, isTorn: error.isTorn,
                    skippedBytes: (file?.size ?? 0) - (file?.position ?? 0))
                endFile()
                return .damage(damage)
            }
        }
    }

    private mutating func endFile() {
        sizeOfRead += file?.size ?? 0
        file = nil
    }

    /// - Returns: Nil for a record that only leads on to the next.
    private mutating func part(of record: RecordFile.Record) throws(RecordFile.Discontinuity) -> RecordingItem? {
        var reader = BinaryReader(record.body)
        do throws(CorruptData) {
            switch record.kind {
            case .header where opening == nil && !hasBegun: opening = (try reader.state(), [])
            case .checkpoint where opening != nil:
                let isLast = try reader.bool()
                opening?.checkpoint += record.body.dropFirst()
                guard isLast, let (header, checkpoint) = opening else { return nil }
                (opening, hasBegun) = (nil, true)
                return .beginning(header, checkpoint: checkpoint)
            case .names where hasBegun:
                var names: [KnownName] = []
                while !reader.isAtEnd { names.append(try reader.state()) }
                return .names(names)
            case .clock where hasBegun:
                let offset: Int64 = try reader.integer()
                guard reader.isAtEnd else { throw CorruptData("there is more than the record should hold") }
                return .clock(wallOffset: offset)
            default:
                guard hasBegun else { throw CorruptData("its beginning is not complete") }
                return .input(try DetectorInput(record.kind, body: &reader))
            }
            return nil
        } catch {
            throw .init(reason: "has a record that makes no sense: \(error.reason)")
        }
    }
}
