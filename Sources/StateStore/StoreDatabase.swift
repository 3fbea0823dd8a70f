import Foundation
import GRDB
import Synchronization

/// The open SQLite database: one connection for the thread that writes, another for concurrent checkpoints.
///
/// Commits go to SQLite's write-ahead log and do not wait for the disk (`synchronous=NORMAL`). The kernel has them when
/// a commit returns, so the end of this process loses none; a machine stop may lose the last ones.
final class StoreDatabase {
    /// Databases up to this size, in bytes, are checked at each start, which takes some tenths of a second. Larger ones
    /// are checked only if something went wrong.
    private static let maxCheckedSize = 256 << 20
    /// Pages written to the write-ahead log before they are moved to the file. Each checkpoint costs one commit a write
    /// to the disk itself.
    private static let pagesPerCheckpoint = 4000
    /// Pages that one row touches. For an event: the last page of `events` and one page of `state`.
    private static let pagesPerRow = 2

    private let database: DatabaseQueue
    private let checkpoints: CheckpointThread
    private var pages = 0

    /// - Parameter needsCheck: Whether to check the database whatever its size.
    /// - Throws: `StoreDamage`, `StoreError.tooNew`, or an SQLite error.
    init(_ path: String, needsCheck: Bool) throws {
        database = try DatabaseQueue(path: path, configuration: Self.configuration)
        checkpoints = CheckpointThread(try DatabaseQueue(path: path, configuration: Self.configuration))
        let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
        if needsCheck || size <= Self.maxCheckedSize { try check() }
        guard try !database.read(Schema.migrator.hasBeenSuperseded) else { throw StoreError.tooNew(file: path) }
        try Schema.migrator.migrate(database)
    }

    private static let configuration: Configuration = {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        configuration.busyMode = .timeout(2)  // seconds, if another program reads the file
        // Without this, a transaction that cannot be rolled back on a failing disk ends the process.
        configuration.allowsUnsafeTransactions = true
        configuration.prepareDatabase { database in
            guard try String.fetchOne(database, sql: "PRAGMA journal_mode = WAL") == "wal" else {
                throw DatabaseError(
                    resultCode: .SQLITE_IOERR, message: "the file system does not support a write-ahead log")
            }
            try database.execute(
                sql: """
                    PRAGMA synchronous = NORMAL;
                    PRAGMA wal_autocheckpoint = 0;
                    PRAGMA journal_size_limit = 100000000;
                    """)
        }
        return configuration
    }()

    private func check() throws {
        let verdict = try database.read { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") }
        if verdict != "ok" { throw StoreDamage(verdict ?? "the integrity check gave no result") }
    }

    func read<Result>(_ body: (Database) throws -> Result) throws -> Result { try database.read(body) }

    /// Runs `body` in one transaction, all or nothing.
    ///
    /// - Parameter rows: Number of rows that `body` changes; it decides when the next checkpoint starts.
    func write(rows: Int, _ body: (Database) throws -> Void) throws {
        if let failure = checkpoints.failure { throw failure }
        try database.writeWithoutTransaction { database in
            try database.inTransaction(.immediate) {
                try body(database)
                return .commit
            }
        }
        // SQLite reuses the log from its start only after a checkpoint has moved all of it. A concurrent checkpoint
        // never does while commits do not pause. It has moved most by then, so this costs two waits for the disk.
        if checkpoints.consumeLongLogFlag() { try database.writeWithoutTransaction { _ = try $0.checkpointIfFree() } }
        pages += (rows + 1) * Self.pagesPerRow
        if pages >= Self.pagesPerCheckpoint { checkpoint() }
    }

    /// Runs `body` in one transaction that survives a machine stop, and waits for the disk.
    func writeDurably(_ body: (Database) throws -> Void) throws {
        try database.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA synchronous = FULL")
            try database.inTransaction(.immediate) {
                try body(database)
                return .commit
            }
            try database.execute(sql: "PRAGMA synchronous = NORMAL")
        }
    }

    /// Starts a checkpoint in the background: what was committed reaches the disk soon.
    func checkpoint() {
        pages = 0
        checkpoints.begin()
    }

    func close() throws {
        try checkpoints.close()
        try database.close()
    }
}

/// Moves commits from the write-ahead log to the database file, on a thread that no other thread waits for.
///
/// A checkpoint waits for the disk several times. Commits continue meanwhile at the end of the write-ahead log.
private final class CheckpointThread: Sendable {
    /// Number of pages above which the write-ahead log counts as long.
    private static let longLog = 16_384
    private struct Progress {
        var isRunning = false
        var longLogFlag = false
        var failure: DatabaseError?
    }
    private let connection: DatabaseQueue
    private let progress = Mutex(Progress())

    init(_ connection: DatabaseQueue) { self.connection = connection }

    /// Why the last checkpoint failed; nil if it did not. Without checkpoints, the write-ahead log would grow without
    /// bound.
    var failure: DatabaseError? { progress.withLock(\.failure) }

    /// Whether a checkpoint since the last call ended with a long write-ahead log. Resets the flag.
    func consumeLongLogFlag() -> Bool {
        progress.withLock { progress in
            defer { progress.longLogFlag = false }
            return progress.longLogFlag
        }
    }

    func begin() {
        let isFirst = progress.withLock { progress in
            defer { progress.isRunning = true }
            return !progress.isRunning
        }
        guard isFirst else { return }
        connection.asyncWriteWithoutTransaction { [self] database in
            var after = Progress()
            do { after.longLogFlag = try database.checkpointIfFree() > Self.longLog } catch {
                after.failure = error as? DatabaseError
            }
            progress.withLock { [after] in $0 = after }
        }
    }

    func close() throws { try connection.close() }
}

extension Database {
    /// Moves pages without waiting for other connections. Does nothing if another checkpoint is running.
    ///
    /// - Returns: Number of pages in the write-ahead log; 0 if another checkpoint is running.
    fileprivate func checkpointIfFree() throws -> Int {
        do { return try checkpoint(.passive).walFrameCount } catch DatabaseError.SQLITE_BUSY { return 0 }
    }
}
