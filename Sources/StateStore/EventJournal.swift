import BinaryCoding
import Foundation
import PhiAccrual
import Platform

/// The journal: a file of records that are not yet in SQLite's tables. Each record is appended by one write. Once
/// SQLite has all records, the file is emptied.
///
/// A record survives the end of this process once the write returns, because the kernel has it then. An SQLite commit
/// gives the same guarantee in a dozen times as many steps.
///
/// | part of a record | content |
/// |---|---|
/// | 4 bytes | the length of the body |
/// | 4 bytes | CRC-32 of the body |
/// | 4 bytes | CRC-32 of the preceding eight bytes: a wrong length must not pass for a truncated record |
/// | the body | a `JournalRecord` |
///
/// Integers are little-endian.
final class EventJournal {
    /// Upper bound on the size of any journal that this type writes, in bytes.
    static let maxFileSize = 64 << 20
    private static let maxBodySize = 16 << 20
    private static let headSize = 12

    /// Size of the file in bytes.
    private(set) var size: Int
    private let path: String
    private let file: Int32
    /// Reused for every record.
    private var body = BinaryWriter()

    /// Opens the file, or creates it.
    ///
    /// - Throws: `.lost` if the disk is full or fails; `.unusable` if the file cannot be opened or is not seekable.
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
            throw .unusable(folder: folder, reason: "\(path) is not a regular file: \(Self.reason(errno))")
        }
    }
    deinit { close(file) }

    // MARK: Writing

    /// Appends a record. Once this returns, the end of the process cannot undo it.
    ///
    /// - Throws: `.lost`. The file may then contain part of the record, so nothing more may be appended.
    func append(_ record: JournalRecord) throws(StoreError) {
        body.removeAll(keepingCapacity: true)
        body.write(record)
        let count = body.bytes.count
        guard count <= Self.maxBodySize, size + count + Self.headSize <= Self.maxFileSize else {
            throw .lost(file: path, reason: "a journal record of \(count) bytes is too large")
        }
        let (written, code) = Self.write(body.bytes, to: file)
        guard written == count + Self.headSize else {
            // Only a full or failing disk shortens a write.
            throw Self.loss(of: path, written < 0 ? code : ENOSPC)
        }
        size += written
    }

    /// Writes a head and its body in one call.
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

    /// Reads all records up to the first damaged one.
    ///
    /// The last record may be truncated: the process ended while writing it, and nothing in it was published. That does
    /// not count as damage.
    ///
    /// - Returns: The records, and the damage that ended reading, if any.
    /// - Throws: `.lost` if the disk fails.
    func records() throws(StoreError) -> (records: [JournalRecord], damage: CorruptData?) {
        guard size <= Self.maxFileSize else { return ([], CorruptData("the event journal is too large")) }
        var rest = try bytes()[...]
        var records: [JournalRecord] = []
        do throws(CorruptData) {
            while let record = try Self.nextRecord(of: &rest) { records.append(record) }
            return (records, nil)
        } catch {
            return (records, error)
        }
    }

    /// - Returns: Nil at the end of the journal, and at a truncated record.
    private static func nextRecord(of rest: inout ArraySlice<UInt8>) throws(CorruptData) -> JournalRecord? {
        guard rest.count >= headSize else { return nil }
        var head = BinaryReader(rest.prefix(headSize))
        let sizes = rest.prefix(8)
        let (count, sum) = (Int(try head.integer(UInt32.self)), try head.integer(UInt32.self))
        guard try head.integer() == checksum(of: sizes) else {
            throw CorruptData("a journal record has a wrong header checksum")
        }
        let body = rest.dropFirst(headSize).prefix(count)
        guard body.count == count else { return nil }
        guard checksum(of: body) == sum else { throw CorruptData("a journal record has a wrong checksum") }
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

    private static func checksum(of bytes: ArraySlice<UInt8>) -> UInt32 { bytes.withUnsafeBytes { crc32(of: $0) } }

    private static func loss(of path: String, _ code: Int32) -> StoreError {
        .lost(file: path, reason: code == ENOSPC || code == EDQUOT ? "the disk is full" : reason(code))
    }
    private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}
