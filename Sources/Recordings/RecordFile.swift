import PhiAccrual
import Platform

/// Reads the records of one file in order, up to the first invalid one.
final class RecordFile {
    /// One record: its kind and the rest of its body.
    struct Record {
        var kind: RecordKind
        var body: ArraySlice<UInt8>
    }
    /// The point after which no record can be read.
    struct Discontinuity: Error {
        var reason: String
        /// The file ends within a record or within its prefix. A recorder that is killed during a write leaves such a
        /// file.
        var isTorn = false
    }
    let path: String
    private let descriptor: CInt
    let size: Int64
    /// Offset in the file at which `buffer` begins.
    private var bufferedFrom: Int64 = 0
    private(set) var buffer: [UInt8] = []
    // Offsets in `buffer`: the next record, and the end of the bytes read from the file.
    private var at = 0
    private var end = 0

    private static let piece = 256 << 10

    /// - Throws: If the file cannot be read, is not a recording, or has another format version.
    init(path: String) throws(RecordingError) {
        guard !path.utf8.contains(0) else { throw RecordingError(path: path, reason: "its name contains a zero byte") }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)  // a pipe without a writer must not block us
        guard descriptor >= 0 else { throw .current("cannot open the file", path) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw RecordingError(path: path, reason: "neither a recording nor a folder of recordings")
        }
        (self.path, self.descriptor, size) = (path, descriptor, Int64(status.st_size))
        do { try skipPrefix() } catch { throw RecordingError(path: path, reason: error.reason) }
    }
    deinit { close(descriptor) }

    /// Whether the file begins with the magic bytes of a recording; the rest is not checked.
    static func isRecording(_ path: String) -> Bool {
        // A pipe is not read: its next reader would miss these bytes.
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var found = [UInt8](repeating: 0, count: RecordingFormat.magic.count)
        let count = found.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        return count == found.count && found == RecordingFormat.magic
    }

    private func skipPrefix() throws(Discontinuity) {
        guard size >= RecordingFormat.prefixCount else {
            // A recorder killed at the start leaves such a file. `next` reports it.
            guard try fill(Int(size)) else { throw Self.foreign }
            let found = buffer[at..<end]
            guard
                RecordingFormat.readableVersions.contains(where: { RecordingFormat.prefix(of: $0).starts(with: found) })
            else { throw Self.foreign }
            return
        }
        guard try fill(RecordingFormat.prefixCount), buffer.starts(with: RecordingFormat.magic) else {
            throw Self.foreign
        }
        let version = integer(at: RecordingFormat.magic.count)
        let readable = RecordingFormat.readableVersions
        guard readable.contains(version) else {
            throw Discontinuity(
                reason: "unsupported recording format \(version): this program reads formats "
                    + "\(readable.lowerBound) to \(readable.upperBound)")
        }
        at = RecordingFormat.prefixCount
    }
    private static let foreign = Discontinuity(reason: "not a recording of phi: the first bytes differ")

    /// Offset in the file of the next unread byte.
    var position: Int64 { bufferedFrom + Int64(at) }

    /// Reads the next record.
    ///
    /// - Returns: Nil at a valid end.
    func next() throws(Discontinuity) -> Record? {
        guard size >= RecordingFormat.prefixCount else {
            throw Discontinuity(reason: "the file ends within its header", isTorn: true)
        }
        guard try fill(1) else { return nil }
        guard try fill(4) else { throw Discontinuity(reason: "the file ends within a record", isTorn: true) }
        let count = Int(integer(at: at))
        guard (1...RecordingFormat.maxBodySize).contains(count) else {
            throw Discontinuity(reason: "a record has an invalid length of \(counted(count, "byte"))")
        }
        guard try fill(count + RecordingFormat.frameCount) else {
            throw Discontinuity(reason: "the file ends within a record", isTorn: true)
        }
        let (start, end) = (at, at + 4 + count)
        let check = buffer.withUnsafeBytes { RecordingFormat.check(UnsafeRawBufferPointer(rebasing: $0[start..<end])) }
        guard check == integer(at: end) else { throw Discontinuity(reason: "a record has a wrong checksum") }
        guard let kind = RecordKind(rawValue: buffer[start + 4]) else {
            throw Discontinuity(reason: "a record has the unknown kind \(buffer[start + 4])")
        }
        at = end + 4
        return Record(kind: kind, body: buffer[(start + 5)..<end])
    }

    private func integer(at place: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(buffer[place + $1]) << UInt32(8 * $1) }
    }

    /// Ensures that `buffer` has this many unread bytes. It never allocates more than the file's size, whatever lengths
    /// the file contains.
    ///
    /// - Returns: False if the file ends before.
    private func fill(_ count: Int) throws(Discontinuity) -> Bool {
        guard end - at < count else { return true }
        guard size - position >= Int64(count) else { return false }
        makeRoom(count)
        while end < count {
            let got = buffer.withUnsafeMutableBytes {
                read(descriptor, $0.baseAddress.map { $0 + end }, $0.count - end)
            }
            if got == 0 { return false }
            guard got > 0 || errno == EINTR else {
                throw Discontinuity(reason: "cannot read the file: \(String(cString: strerror(errno)))")
            }
            end += max(0, got)
        }
        return true
    }

    /// Moves the unread bytes to the front of a buffer that has room for `count` bytes.
    private func makeRoom(_ count: Int) {
        if buffer.count < count {
            let rest = buffer[at..<end]
            buffer = Array(repeating: 0, count: max(count, min(Self.piece, Int(size))))
            buffer.replaceSubrange(0..<rest.count, with: rest)
        } else {
            buffer.withUnsafeMutableBytes { $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[at..<end])) }
        }
        bufferedFrom += Int64(at)
        (at, end) = (0, end - at)
    }
}
