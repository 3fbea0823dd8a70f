import GRDB

/// The tables of the state store, by schema version. A released version never changes.
enum Schema {
    static let migrator: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1", migrate: makeTables)
        migrator.registerMigration("2", migrate: makeAppliedPosition)
        return migrator
    }()

    /// Every row ends with its checksum. `meta` has one row, `events` has the newest events, and `state` has the last
    /// event of each topic.
    @Sendable private static func makeTables(in database: Database) throws {
        let event = """
            level TEXT NOT NULL, "group" TEXT NOT NULL, node TEXT NOT NULL, incarnation INTEGER NOT NULL,
            verdict TEXT NOT NULL, at INTEGER NOT NULL, json BLOB NOT NULL, checksum INTEGER NOT NULL
            """
        try database.execute(
            sql: """
                CREATE TABLE meta (
                    id INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, boot TEXT NOT NULL, clean INTEGER NOT NULL,
                    checksum INTEGER NOT NULL);
                CREATE TABLE events (sequence INTEGER PRIMARY KEY, \(event));
                CREATE TABLE state (sequence INTEGER NOT NULL, \(event), UNIQUE ("group", node, level));
                CREATE TABLE learned (
                    key INTEGER PRIMARY KEY, "group" TEXT NOT NULL, node TEXT NOT NULL, model TEXT NOT NULL,
                    state BLOB NOT NULL, last_arrival INTEGER NOT NULL, checksum INTEGER NOT NULL);
                CREATE TABLE group_learned (
                    "group" TEXT NOT NULL PRIMARY KEY, model TEXT NOT NULL, state BLOB NOT NULL,
                    checksum INTEGER NOT NULL);
                CREATE TABLE tunings (
                    level TEXT NOT NULL, "group" TEXT NOT NULL, node TEXT NOT NULL, policy TEXT NOT NULL,
                    checksum INTEGER NOT NULL, PRIMARY KEY (level, "group", node));
                CREATE TABLE pauses (
                    key INTEGER PRIMARY KEY, "group" TEXT NOT NULL, node TEXT NOT NULL, until INTEGER NOT NULL,
                    reason BLOB NOT NULL, checksum INTEGER NOT NULL);
                """)
    }

    /// One row: the number of the last journal record whose content is in the other tables.
    @Sendable private static func makeAppliedPosition(in database: Database) throws {
        try database.execute(
            sql: "CREATE TABLE journal (id INTEGER PRIMARY KEY, settled INTEGER NOT NULL, checksum INTEGER NOT NULL)")
    }
}
