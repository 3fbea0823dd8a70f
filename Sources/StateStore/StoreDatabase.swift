import Foundation
import GRDB
import Synchronization

/// The open file of a memory: one connection for the thread that remembers, another for checkpoints beside it.
///
/// Commits go to SQLite's write-ahead log and are not waited for on the disk (`synchronous=NORMAL`): the system has
/// them when a commit returns, so the end of this process loses none; that of the machine may lose the last ones.
final class StoreDatabase {
    /// Files up to this size are checked at each start, which takes some tenths of a second; larger ones only when
    /// something went wrong. Bytes.
    private static let maxCheckedSize = 256 << 20
    /// So many pages go to the write-ahead log before they are moved to the file: each time costs one commit a write to
    /// the disk itself.
    private static let pagesPerCheckpoint = 4000
    /// What an event touches: the last page of the events, one of the state.
    private static let pagesPerRow = 2

    private let database: DatabaseQueue
    private let checkpoints: CheckpointThread
    private var pages = 0

    /// - Parameter inDoubt: Whether to check all of it, however large.
    /// - Throws: `StoreDamage`, `StoreError.tooNew`, or what SQLite says.
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
        configuration.busyMode = .timeout(2)  // seconds, if somebody else looks into the file
        // Else a transaction that cannot be rolled back, on a disk that fails, ends the process.
        configuration.allowsUnsafeTransactions = true
        configuration.prepareDatabase { database in
            guard try String.fetchOne(database, sql: "PRAGMA journal_mode = WAL") == "wal" else {
                throw DatabaseError(resultCode: .SQLITE_IOERR, message: "the file system allows no write-ahead log")
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
        if verdict != "ok" { throw StoreDamage(verdict ?? "its check says nothing") }
    }

    func read<Result>(_ body: (Database) throws -> Result) throws -> Result { try database.read(body) }

    /// Carries out changes of so many rows, all or none.
    func write(rows: Int, _ body: (Database) throws -> Void) throws {
        if let failure = checkpoints.failure { throw failure }
        try database.writeWithoutTransaction { database in
            try database.inTransaction(.immediate) {
                try body(database)
                return .commit
            }
        }
        // The log is only used again from its start when a checkpoint has all of it, which one beside us never has
        // while commits do not pause. Most is done by then, and this costs two waits for the disk.
        if checkpoints.takeNewsOfLongLog() { try database.writeWithoutTransaction { _ = try $0.checkpointIfFree() } }
        pages += (rows + 1) * Self.pagesPerRow
        if pages >= Self.pagesPerCheckpoint { checkpoint() }
    }

    /// Carries out changes that the end of the machine must not undo, and waits for the disk.
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

    /// Has what was committed brought to the disk soon.
    func checkpoint() {
        pages = 0
        checkpoints.begin()
    }

    func close() throws {
        try checkpoints.close()
        try database.close()
    }
}

/// Moves what was committed from the write-ahead log to the file, on a thread that nobody waits for.
///
/// It waits for the disk several times. Commits go on meanwhile, at the end of the write-ahead log.
private final class CheckpointThread: Sendable {
    /// When the write-ahead log counts as long; pages.
    private static let longLog = 16_384
    private struct Progress {
        var isRunning = false
        var foundLongLog = false
        var failure: DatabaseError?
    }
    private let connection: DatabaseQueue
    private let progress = Mutex(Progress())

    init(_ connection: DatabaseQueue) { self.connection = connection }

    /// Why one could not be made; the write-ahead log would then grow without end.
    var failure: DatabaseError? { progress.withLock(\.failure) }

    /// Whether the write-ahead log was long when a checkpoint ended since the last question.
    func takeNewsOfLongLog() -> Bool {
        progress.withLock { progress in
            defer { progress.foundLongLog = false }
            return progress.foundLongLog
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
            do { after.foundLongLog = try database.checkpointIfFree() > Self.longLog } catch {
                after.failure = error as? DatabaseError
            }
            progress.withLock { [after] in $0 = after }
        }
    }

    func close() throws { try connection.close() }
}

extension Database {
    /// Moves what can be moved without waiting for others, unless somebody else does so just now.
    ///
    /// - Returns: How many pages the write-ahead log had.
    fileprivate func checkpointIfFree() throws -> Int {
        do { return try checkpoint(.passive).walFrameCount } catch DatabaseError.SQLITE_BUSY { return 0 }
    }
}
