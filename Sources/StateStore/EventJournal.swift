import CZlib
import Foundation
import PhiAccrual

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// What was taken down and is not in SQLite's file yet: records in a file that grows by one write each, until SQLite has
/// them all and it is emptied.
///
/// A record is safe from the end of this process as soon as the write returns, since the system has it then. A commit of
/// SQLite does as much, in a dozen times as many steps.
///
/// | of a record | |
/// |---|---|
/// | 4 bytes | the length of its body |
/// | 4 bytes | CRC-32 of its body |
/// | 4 bytes | CRC-32 of the eight bytes before: a wrong length must not pass for a record that was cut short |
/// | the body | a `JournalRecord` |
///
/// Integers are little-endian.
final class EventJournal {
    /// Nothing that this type wrote is larger. Bytes.
    static let maxFileSize = 64 << 20
    private static let maxBodySize = 16 << 20
    private static let headSize = 12

    /// How many bytes there are.
    private(set) var size: Int
    private let path: String
    private let file: Int32
    /// Used again and again.
    private var body = BinaryWriter()

    /// Opens the file, or makes one.
    init(_ path: String, in folder: String) throws(StoreError) {
        file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            let code = errno
            if code == ENOSPC || code == EIO || code == EDQUOT { throw Self.loss(of: path, code) }
            throw .unusable(folder: folder, reason: "\(path) cannot be opened for writing: \(Self.reason(code))")
        }
        self.path = path
        size = Int(lseek(file, 0, SEEK_END))
        guard size >= 0 else {
            throw .unusable(folder: folder, reason: "\(path) is no file that can be read again: \(Self.reason(errno))")
        }
    }
    deinit { close(file) }

    // MARK: Writing

    /// When it returns, the end of the process cannot undo it.
    ///
    /// - Throws: `.lost`. A part of the record may stand in the file then: nothing may be appended any more.
    func append(_ record: JournalRecord) throws(StoreError) {
        body.removeAll(keepingCapacity: true)
        body.write(record)
        let count = body.bytes.count
        guard count <= Self.maxBodySize, size + count + Self.headSize <= Self.maxFileSize else {
            throw .lost(file: path, reason: "\(count) bytes are too many to be taken down at once")
        }
        let (written, code) = Self.write(body.bytes, to: file)
        guard written == count + Self.headSize else {
            // A write is only cut short by a disk without room, or with an error.
            throw Self.loss(of: path, written < 0 ? code : ENOSPC)
        }
        size += written
    }

    /// Writes a head and its body at once.
    private static func write(_ body: [UInt8], to file: Int32) -> (written: Int, code: Int32) {
        let head = head(of: body)
        return head.withUnsafeBytes { head in
            body.withUnsafeBytes { body in
                let parts = [head, body].map {
                    iovec(iov_base: UnsafeMutableRawPointer(mutating: $0.baseAddress), iov_len: $0.count)
                }
                while true {
                    let written = writev(file, parts, Int32(parts.count))
                    if written >= 0 || errno != EINTR { return (written, errno) }
                }
            }
        }
    }

    private static func head(of body: [UInt8]) -> [UInt8] {
        var head = BinaryWriter()
        head.write(UInt32(clamping: body.count))
        head.write(checksum(of: body[...]))
        head.write(checksum(of: head.bytes[...]))
        return head.bytes
    }

    /// - Throws: `.lost`.
    func removeAll() throws(StoreError) {
        guard size > 0 else { return }
        guard ftruncate(file, 0) == 0 else { throw Self.loss(of: path, errno) }
        size = 0
    }

    // MARK: Reading

    /// All records up to the first that is not there as it was written.
    ///
    /// The last one may be cut short: then the process ended while it wrote, and nobody saw what is in it. That is no
    /// damage.
    ///
    /// - Returns: The records, and why there are no more of them if something was damaged.
    /// - Throws: `.lost` if the disk fails.
    func records() throws(StoreError) -> (records: [JournalRecord], damage: CorruptData?) {
        guard size <= Self.maxFileSize else { return ([], CorruptData("the journal of events is too large")) }
        var rest = try bytes()[...]
        var records: [JournalRecord] = []
        do throws(CorruptData) {
            while let record = try Self.nextRecord(of: &rest) { records.append(record) }
            return (records, nil)
        } catch {
            return (records, error)
        }
    }

    /// - Returns: Nil at the end, and where it is cut short.
    private static func nextRecord(of rest: inout ArraySlice<UInt8>) throws(CorruptData) -> JournalRecord? {
        guard rest.count >= headSize else { return nil }
        var head = BinaryReader(rest.prefix(headSize))
        let sizes = rest.prefix(8)
        let (count, sum) = (Int(try head.integer(UInt32.self)), try head.integer(UInt32.self))
        guard try head.integer() == checksum(of: sizes) else { throw CorruptData("a record's head is wrong") }
        let body = rest.dropFirst(headSize).prefix(count)
        guard body.count == count else { return nil }
        guard checksum(of: body) == sum else { throw CorruptData("a record's checksum is wrong") }
        rest = rest.dropFirst(headSize + count)
        var reader = BinaryReader(body)
        return try reader.state()
    }

    private func bytes() throws(StoreError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: size)
        var count = 0
        while count < size {
            let more = bytes.withUnsafeMutableBytes {
                pread(file, $0.baseAddress?.advanced(by: count), size - count, off_t(count))
            }
            if more < 0, errno == EINTR { continue }
            guard more >= 0 else { throw Self.loss(of: path, errno) }
            if more == 0 { break }
            count += more
        }
        bytes.removeLast(size - count)
        return bytes
    }

    private static func checksum(of bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.withUnsafeBytes { bytes in
            UInt32(
                truncatingIfNeeded: crc32(
                    0, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt32(clamping: bytes.count)))
        }
    }

    private static func loss(of path: String, _ code: Int32) -> StoreError {
        .lost(file: path, reason: code == ENOSPC || code == EDQUOT ? "the disk is full" : reason(code))
    }
    private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}
