import Foundation
import Platform

/// The folder in which one service persists its state. It stays locked as long as this value lives.
///
/// | file | content |
/// |---|---|
/// | `lock` | locked by the running service; contains its process ID |
/// | `phi.sqlite`, `-wal`, `-shm` | the database |
/// | `phi.sqlite-events` | the journal: the newest records, not yet in the tables |
/// | `complete` | present as long as every published event is in the state store |
/// | `phi.sqlite.damaged-…` | files that could not be read; the last two sets are kept |
///
/// Deleting `complete` signals that events are missing, because deleting needs no space on a full disk.
struct StateFolder: ~Copyable {
    private static let damagedFilesKept = 2
    /// Suffixes of the files that together form one state store.
    private static let suffixes = ["", "-wal", "-shm", "-events"]

    let path: String
    private let lock: Int32

    var database: String { path + "/phi.sqlite" }
    var journal: String { database + "-events" }
    private var completeness: String { path + "/complete" }

    /// Creates the folder if it does not exist, readable only by its owner, and locks it.
    ///
    /// - Throws: `.inUse` if another service has locked the folder; `.unusable` if it cannot be created or locked.
    init(_ path: String) throws(StoreError) {
        guard Self.makeFolder(path) else { throw .unusable(folder: path, reason: Self.reason()) }
        // Child processes of the service must not inherit the lock.
        let lock = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw .unusable(folder: path, reason: Self.reason()) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            defer { close(lock) }
            throw code == EWOULDBLOCK
                ? .inUse(folder: path, process: Self.processNumber(in: lock))
                : .unusable(folder: path, reason: "cannot lock it: \(Self.reason(code))")
        }
        (self.path, self.lock) = (path, lock)
        // For error messages of other processes only: a full disk may refuse it.
        let number = Array("\(getpid())\n".utf8)
        if ftruncate(lock, 0) == 0 { _ = pwrite(lock, number, number.count, 0) }
    }
    deinit { close(lock) }

    private static func makeFolder(_ path: String) -> Bool {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return true }
        let parent = (path as NSString).deletingLastPathComponent
        guard errno == ENOENT, !parent.isEmpty, parent != path, makeFolder(parent) else { return false }
        return mkdir(path, 0o700) == 0 || errno == EEXIST
    }

    private static func processNumber(in lock: Int32) -> Int32? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(lock, &bytes, bytes.count, 0)
        return Int32(String(decoding: bytes.prefix(max(0, count)).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }

    private static func reason(_ code: Int32 = errno) -> String { String(cString: strerror(code)) }

    // MARK: Completeness

    /// Whether every published event is in the state store, unless the machine stopped without warning.
    var isComplete: Bool { access(completeness, F_OK) == 0 }

    func markComplete() throws(StoreError) {
        guard !isComplete else { return }
        let file = open(completeness, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .unusable(folder: path, reason: Self.reason()) }
        close(file)
        let folder = open(path, O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }
    func markIncomplete() { unlink(completeness) }

    // MARK: Damaged files

    /// Moves unreadable files out of the way, so that the next state store starts empty.
    ///
    /// - Returns: The new path of the database.
    @discardableResult
    func setAside(at unixMilliseconds: UInt64) throws(StoreError) -> String {
        markIncomplete()
        let stamp = Date(timeIntervalSince1970: Double(unixMilliseconds / 1000)).formatted(
            Date.ISO8601FormatStyle(dateSeparator: .omitted, timeSeparator: .omitted, timeZone: .gmt))
        let place = "\(database).damaged-\(stamp)"
        if (try? FileManager.default.attributesOfItem(atPath: journal)[.size] as? Int) == 0 { unlink(journal) }
        for suffix in Self.suffixes {
            guard rename(database + suffix, place + suffix) == 0 || errno == ENOENT else {
                throw .unusable(
                    folder: path, reason: "\(database)\(suffix) is damaged and cannot be moved: \(Self.reason())")
            }
        }
        removeOldDamage()
        return place
    }

    private func removeOldDamage() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        let damaged = names.filter {
            name in
            name.hasPrefix("phi.sqlite.damaged-") && !Self.suffixes.dropFirst().contains { name.hasSuffix($0) }
        }
        for name in damaged.sorted().dropLast(Self.damagedFilesKept) {
            for suffix in Self.suffixes { unlink("\(path)/\(name)\(suffix)") }
        }
    }
}
