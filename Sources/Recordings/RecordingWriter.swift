import Platform

/// Writes a recording into a folder, file after file. It deletes the oldest files when the total exceeds its limit.
///
/// When a method returns, its data is in the kernel and survives the death of this process. To survive a crash of the
/// machine, a thread that may block calls `synchronize`.
///
/// After an error, nothing more is written to that file. What was written before remains readable, and the service
/// continues without recording.
public struct RecordingWriter: ~Copyable {
    public struct Limits: Hashable, Sendable {
        /// Bytes after which a file is full. The segment start does not count: with many nodes it alone may be larger.
        public var file: Int64
        /// Bytes of all files together. The newest file is kept even if it alone exceeds this.
        public var total: Int64

        public init(file: Int64 = 64 << 20, total: Int64 = 1 << 30) { (self.file, self.total) = (file, total) }
    }
    private let folder: String
    private let limits: Limits
    private var descriptor: CInt = -1
    /// The current file.
    public private(set) var path = ""
    private var written: Int64 = 0  // bytes after the segment start

    /// Starts a recording. The folder is created if it does not exist; its parent must exist.
    public init(folder: String, limits: Limits = Limits(), _ beginning: SegmentStart) throws(RecordingError) {
        (self.folder, self.limits) = (folder, limits)
        guard !folder.utf8.contains(0) else {
            throw RecordingError(path: folder, reason: "the folder's name contains a zero byte")
        }
        guard mkdir(folder, 0o755) == 0 || errno == EEXIST else { throw .current("cannot create the folder", folder) }
        try begin(beginning)
    }
    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Whether the current file has reached its limit. Then write everything pending, make a checkpoint, and call
    /// `begin`.
    public var isFull: Bool { written >= limits.file }

    /// Continues in a new file.
    public mutating func begin(_ beginning: SegmentStart) throws(RecordingError) {
        let bytes = beginning.bytes
        var folder = try RecordingFolder(path: folder)
        try folder.shrink(to: max(0, limits.total - limits.file - Int64(bytes.count)))
        let (number, overflow) = (folder.files.last?.number ?? 0).addingReportingOverflow(1)
        let name = RecordingFolder.name(createdAt: beginning.header.createdAt, number: overflow ? .max : number)
        let path = "\(folder.path)/\(name)"
        let next = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o644)
        guard next >= 0 else { throw .current("cannot create the file", path) }
        if descriptor >= 0 { close(descriptor) }
        (descriptor, self.path, written) = (next, path, 0)
        do throws(RecordingError) { try append(bytes) } catch {
            unlink(path)  // a file without a segment start would hide the other files of the folder
            throw error
        }
        written = 0
    }

    /// - Throws: If this write fails, or if an earlier write to the same file failed.
    public mutating func write(_ records: borrowing RecordBuffer) throws(RecordingError) { try append(records.bytes) }

    private mutating func append(_ bytes: [UInt8]) throws(RecordingError) {
        guard descriptor >= 0 else {
            throw RecordingError(path: path, reason: "cannot write: the recording has already ended")
        }
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                writeBytes(UnsafeRawBufferPointer(rebasing: $0[done...]), to: descriptor)
            }
            if count > 0 {
                done += count
            } else if count == 0 || errno != EINTR {
                let failure = RecordingError.current("cannot write the file", path)
                close(descriptor)
                descriptor = -1
                throw failure
            }
        }
        written += Int64(bytes.count)
    }

    /// Blocks until everything written is on disk.
    public borrowing func synchronize() throws(RecordingError) {
        guard descriptor < 0 || fsync(descriptor) == 0 else { throw .current("cannot flush the file to disk", path) }
    }
}
