import GRDB
import PhiAccrual

/// Why a service cannot persist its state, at its start or later.
public enum StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Another service uses this folder; `process` is its process ID, if known.
    case inUse(folder: String, process: Int32?)
    /// Nothing can be stored under this path: it is not a folder, or not writable.
    case unusable(folder: String, reason: String)
    /// A later version of the program wrote the file in a format that this version does not know.
    case tooNew(file: String)
    /// The disk is full or fails, or the file was damaged. Detection can continue without a state store.
    case lost(file: String, reason: String)

    /// One sentence without a full stop: what failed, on which path, and what to do.
    public var description: String {
        switch self {
        case .inUse(let folder, let process):
            "state folder \(folder.escapingControls) is in use by \(process.map { "process \($0)" } ?? "another process"): "
                + "stop that service, or use another folder"
        case .unusable(let folder, let reason):
            "cannot use \(folder.escapingControls) as state folder: \(reason); name a writable folder"
        case .tooNew(let file):
            "cannot open \(file.escapingControls): a later version of phi wrote it; use that version, or another folder"
        case .lost(let file, let reason):
            "cannot use \(file.escapingControls): \(reason.escapingControls); "
                + "events and changes until the next start are not persisted"
        }
    }

    /// Converts an error of SQLite, at the start or later.
    init(_ error: any Error, with file: String, in folder: String) {
        if let error = error as? StoreError {
            self = error
            return
        }
        self =
            switch (error as? DatabaseError)?.resultCode {
            case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH:
                .unusable(folder: folder, reason: "cannot open \(file) for writing")
            case .SQLITE_FULL: .lost(file: file, reason: "the disk is full")
            case .SQLITE_BUSY, .SQLITE_LOCKED: .lost(file: file, reason: "another program has locked it")
            case .SQLITE_IOERR: .lost(file: file, reason: "the disk failed or is full (\(error))")
            default: .lost(file: file, reason: "\(error)")
            }
    }
}

/// Stored data differs from what was written.
struct StoreDamage: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }

    /// Whether the file itself is damaged, as opposed to a fault of the disk, another program, or permissions.
    static func explains(_ error: any Error) -> Bool {
        guard let error = error as? DatabaseError else { return !(error is StoreError) }
        let elsewhere: [ResultCode] = [
            .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM,
            .SQLITE_AUTH, .SQLITE_NOMEM, .SQLITE_INTERRUPT, .SQLITE_PROTOCOL, .SQLITE_NOLFS,
        ]
        return !elsewhere.contains(error.resultCode)
    }
}
