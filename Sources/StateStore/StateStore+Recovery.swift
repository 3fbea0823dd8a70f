import PhiAccrual
import Platform

extension StateStore {
    /// Opens the state store in a folder, or creates one.
    ///
    /// Damaged files are moved aside. If events that subscribers saw may be missing, a new log begins; learned state,
    /// tuned policies, and pauses are kept. `StoreContents.warnings` reports both.
    ///
    /// - Parameters:
    ///   - path: A folder that no other service uses; created if it does not exist.
    ///   - capacity: How many of the newest events the log keeps; at least 1.
    ///   - boot: ID of the machine's current boot; nil if unknown.
    ///   - unixMilliseconds: The current wall-clock time.
    /// - Throws: `.lost` if only the disk is at fault: the service may then run without a state store, and the next
    ///   start detects it. `.inUse`, `.unusable`, or `.tooNew` otherwise.
    public static func open(
        in path: String, keeping capacity: Int = 100_000, boot: String? = BootID.identifier,
        at unixMilliseconds: UInt64
    ) throws(StoreError) -> (store: StateStore, found: StoreContents) {
        let folder = try StateFolder(path)
        var recovery = try StoreRecovery.openRepairing(folder, boot: boot, at: unixMilliseconds)
        let store = StateStore(
            folder: folder, file: recovery.file, journal: recovery.journal, lastRecord: recovery.lastRecord,
            header: recovery.header, found: recovery.found, capacity: capacity)
        recovery.found.events.removeFirst(max(0, recovery.found.events.count - max(1, capacity)))
        return (store, recovery.found)
    }
}

/// One attempt to open the state store.
private struct StoreRecovery {
    let file: StoreDatabase
    let journal: EventJournal
    let lastRecord: UInt64
    let header: LogHeader
    var found = StoreContents()

    init(of folder: borrowing StateFolder, boot: String?, at unixMilliseconds: UInt64) throws {
        let isComplete = folder.isComplete
        file = try StoreDatabase(folder.database, needsCheck: !isComplete)
        journal = try EventJournal(folder.journal, in: folder.path)
        let isJournalWhole: Bool
        (lastRecord, isJournalWhole) = try file.catchUp(with: journal)
        let (last, log) = try file.read { (try $0.logHeader(), try $0.log()) }

        var incompleteReason = last?.incompleteReason(boot: boot, isComplete: isComplete)
        if log == nil || !isJournalWhole { incompleteReason = "some stored events cannot be read" }
        if last == nil, isComplete { incompleteReason = "the old log is empty" }
        if let incompleteReason {
            found.warnings.append("started a new event log: \(incompleteReason)")
        }

        let isNew = last == nil || incompleteReason != nil
        header = LogHeader(
            epoch: isNew ? max(unixMilliseconds, (last?.epoch ?? 0) + 1) : last?.epoch ?? unixMilliseconds,
            boot: boot ?? "", isClean: false)
        found.epoch = header.epoch
        // On disk before anything is published: if the machine stops, the next start must know about this run.
        try file.writeDurably { [header] database in
            if isNew { try database.execute(sql: "DELETE FROM events; DELETE FROM state") }
            try database.put(header, into: "meta")
        }
        try journal.removeAll()
        if !isNew, let log { (found.events, found.state) = log }
        try restoreOperatorChanges()
    }

    /// Opens the existing files. If they are damaged, moves them aside and starts an empty store.
    static func openRepairing(
        _ folder: borrowing StateFolder, boot: String?, at unixMilliseconds: UInt64
    ) throws(StoreError) -> StoreRecovery {
        do {
            var recovery: StoreRecovery
            do { recovery = try StoreRecovery(of: folder, boot: boot, at: unixMilliseconds) } catch let error
                where StoreDamage.explains(error)
            {
                let place = try folder.setAside(at: unixMilliseconds)
                recovery = try StoreRecovery(of: folder, boot: boot, at: unixMilliseconds)
                recovery.found.warnings.append(
                    "\(folder.database) was damaged (\(error)): moved to \(place), and created an empty state store")
            }
            try folder.markComplete()
            return recovery
        } catch {
            let failure = StoreError(error, with: folder.database, in: folder.path)
            if case .lost = failure { folder.markIncomplete() }
            throw failure
        }
    }

    private mutating func restoreOperatorChanges() throws {
        let (tunings, pauses, groups) = try file.read { database in
            (
                try database.readable(Tuning.self, of: "tunings", orderedBy: #"level, "group", node"#),
                try database.readable(StoredPause.self, of: "pauses", orderedBy: "key"),
                try database.readable(StoredGroup.self, of: "group_learned", orderedBy: #""group""#)
            )
        }
        (found.tunings, found.pauses, found.groups) = (tunings.values, pauses.values, groups.values)
        if tunings.damaged > 0 {
            found.warnings.append(
                "dropped \(counted(tunings.damaged, "unreadable tuned policy", plural: "unreadable tuned policies"))")
        }
        if pauses.damaged > 0 {
            found.warnings.append("dropped \(counted(pauses.damaged, "unreadable planned absence"))")
        }
        if groups.damaged > 0 {
            found.warnings.append("dropped the unreadable learned state of \(counted(groups.damaged, "group"))")
        }
    }
}
