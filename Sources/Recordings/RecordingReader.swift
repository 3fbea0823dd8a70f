import BinaryCoding
import PhiAccrual

/// One item of a recording, in recorded order.
public enum RecordingItem: Hashable, Sendable {
    /// The start of a file, which replaces all earlier state: the detector continues from this checkpoint. An empty
    /// checkpoint is a detector without nodes.
    case beginning(RecordingHeader, checkpoint: [UInt8])
    /// The names known at the start of the file.
    case names([KnownName])
    case input(DetectorInput)
    /// From here on, the offset from monotonic instants to civil time, in nanoseconds.
    case clock(wallOffset: Int64)
    /// The rest of a file is unreadable. The next item is the start of the next file.
    case damage(RecordingDamage)
}

/// A part of a recording that cannot be read.
public struct RecordingDamage: Hashable, Sendable, CustomStringConvertible {
    public var path: String
    /// The problem, phrased to follow the name of the file.
    public var reason: String
    /// The file only ends too early, as after its recorder was killed. Only the last write is missing.
    public var isTorn: Bool
    /// Bytes at the end of the file that were skipped.
    public var skippedBytes: Int64

    public var description: String {
        "\(path.escapingControls): \(reason); skipped the last \(counted(skippedBytes, "byte"))"
    }
}

/// Reads recordings: the given files in order, and for a folder all of its files, oldest first.
///
/// For any input, reading terminates, uses no more memory than the files are large, and returns only records with a
/// valid check.
public struct RecordingReader: ~Copyable {
    private var paths: ArraySlice<String>  // files not opened yet
    private var file: RecordFile?
    /// The file's header and the part of its checkpoint read so far, until the checkpoint is complete.
    private var pendingStart: (header: RecordingHeader, checkpoint: [UInt8])?
    private var hasStarted = false
    private let size: Int64
    private var sizeOfRead: Int64 = 0  // total size of the files read to their end

    /// - Throws: If there is nothing to read, or if one of the files is not a recording.
    public init(_ paths: [String]) throws(RecordingError) {
        let files = try Self.files(paths)
        var size: Int64 = 0
        for path in files { size += try RecordFile(path: path).size }
        (self.paths, self.size) = (files[...], size)
    }

    /// The given paths, with each folder replaced by its files.
    public static func files(_ paths: [String]) throws(RecordingError) -> [String] {
        var files: [String] = []
        for path in paths {
            guard RecordingFolder.isFolder(path) else {
                files.append(path)
                continue
            }
            let found = try RecordingFolder(path: path).files.map(\.path)
            guard !found.isEmpty else {
                throw RecordingError(path: path, reason: "the folder has no recordings (phi-*.phirec)")
            }
            files += found
        }
        return files
    }

    /// Whether the file, or any file of the folder, begins like a recording.
    public static func isRecording(_ path: String) -> Bool {
        guard RecordingFolder.isFolder(path) else { return RecordFile.isRecording(path) }
        return (try? RecordingFolder(path: path))?.files.contains { RecordFile.isRecording($0.path) } ?? false
    }

    /// The file that the last item came from.
    public private(set) var path = ""

    /// The first readable header.
    public static func header(of paths: [String]) throws(RecordingError) -> RecordingHeader {
        var reader = try RecordingReader(paths)
        while let part = try reader.next() { if case .beginning(let header, _) = part { return header } }
        throw RecordingError(path: paths.joined(separator: ", "), reason: "no segment header can be read")
    }

    /// The share that was read so far, 0 ... 1.
    public var share: Double {
        size == 0 ? 1 : min(1, Double(sizeOfRead + (file?.position ?? 0)) / Double(size))
    }

    /// Reads the next item.
    ///
    /// - Returns: Nil at the end.
    /// - Throws: If a file has disappeared since the reader was created.
    public mutating func next() throws(RecordingError) -> RecordingItem? {
        while true {
            if file == nil {
                guard let path = paths.popFirst() else { return nil }
                file = try RecordFile(path: path)
                (self.path, pendingStart, hasStarted) = (path, nil, false)
            }
            do throws(RecordFile.Discontinuity) {
                guard let record = try file?.next() else {
                    guard hasStarted else {
                        throw .init(reason: "the file ends within the header of its first segment", isTorn: true)
                    }
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

    /// - Returns: Nil for a record that is only part of an item.
    private mutating func part(of record: RecordFile.Record) throws(RecordFile.Discontinuity) -> RecordingItem? {
        var reader = BinaryReader(record.body)
        do throws(CorruptData) {
            switch record.kind {
            case .header where pendingStart == nil && !hasStarted: pendingStart = (try reader.state(), [])
            case .checkpoint where pendingStart != nil:
                let isLast = try reader.bool()
                pendingStart?.checkpoint += record.body.dropFirst()
                guard isLast, let (header, checkpoint) = pendingStart else { return nil }
                (pendingStart, hasStarted) = (nil, true)
                return .beginning(header, checkpoint: checkpoint)
            case .names where hasStarted:
                var names: [KnownName] = []
                while !reader.isAtEnd { names.append(try reader.state()) }
                return .names(names)
            case .clock where hasStarted:
                let offset: Int64 = try reader.integer()
                guard reader.isAtEnd else { throw CorruptData("the record has extra bytes") }
                return .clock(wallOffset: offset)
            default:
                guard hasStarted else { throw CorruptData("the segment header is incomplete") }
                return .input(try DetectorInput(record.kind, body: &reader))
            }
            return nil
        } catch {
            throw .init(reason: "invalid record: \(error.reason)")
        }
    }
}
