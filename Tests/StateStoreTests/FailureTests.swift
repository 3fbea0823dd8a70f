import Foundation
import PhiAccrual
import StateStore
import TestSupport
import Testing

@Suite struct `A failing state store` {
    @Test func `stays closed for this run, and the next start keeps all but the log`() throws {
        let scratch = Scratch()
        try {
            let store = try scratch.open(at: 1000).store
            try store.append([.transition(1)])
            try store.store([.numbered(1)])
            try scratch.execute("CREATE TRIGGER refusal BEFORE INSERT ON events BEGIN SELECT RAISE(FAIL, 'no'); END")
            try store.append([.transition(2)])
            let loss = try #require(throws: StoreError.self) { try store.checkpoint() }
            #expect(loss.description.contains("until the next start"))
            try scratch.execute("DROP TRIGGER refusal")
            #expect(throws: loss) { try store.append([.transition(3)]) }
            #expect(throws: loss) { try store.checkpoint() }
            #expect(throws: loss) { try store.store([.numbered(2)]) }
            #expect(throws: loss) { try store.tune("suspect", for: .everyone, to: .phi(1)) }
            #expect(throws: loss) { try store.close() }
            // The failed store still locks the folder.
            #expect(throws: StoreError.inUse(folder: scratch.path, process: getpid())) { try scratch.open() }
        }()
        let (store, found) = try scratch.open(at: 5000)
        #expect(found.epoch == 5000 && found.events.isEmpty && found.warnings.count == 1)
        #expect(try store.learnedNodes == [.numbered(1)])
    }

    #if os(Linux)
        @Test(.enabled(if: SmallDisk.mayMount, "only root may make a small disk"), arguments: [false, true])
        func `on a full disk never reuses the sequence numbers of an epoch`(checkpointing: Bool) throws {
            let disk = try #require(SmallDisk(mebibytes: 4))
            try {
                let store = try StateStore.open(in: disk.state, boot: "one", at: 1000).store
                try store.append([.transition(1)])
                try store.store([.numbered(1)])
                disk.fill()
                var sequence: UInt64 = 1
                let loss = #expect(throws: StoreError.self) {
                    while true {
                        sequence += 1
                        try store.append([.transition(sequence)])
                        if checkpointing { try store.checkpoint() }
                    }
                }
                guard case .lost(_, let reason) = loss else {
                    Issue.record("\(String(describing: loss))")
                    return
                }
                #expect(reason.contains("full"))
            }()
            let stillFull = #expect(throws: StoreError.self) {
                try StateStore.open(in: disk.state, boot: "one", at: 2000)
            }
            guard case .lost = stillFull else {
                Issue.record("\(String(describing: stillFull))")
                return
            }
            disk.makeRoom()
            let (store, found) = try StateStore.open(in: disk.state, boot: "one", at: 3000)
            #expect(found.epoch == 3000 && found.events.isEmpty && found.warnings.count == 1)
            #expect(try store.learnedNodes == [.numbered(1)])
            try store.append([.transition(1)])
        }

        @Test(.enabled(if: SmallDisk.mayMount, "only root may make a small disk"))
        func `whose checkpoint failed reports it with the next commit`() throws {
            let disk = try #require(SmallDisk(mebibytes: 4))
            let store = try StateStore.open(in: disk.state, boot: "one", at: 1000).store
            // These rows are too few to start a checkpoint. They are in the write-ahead log, and the full disk has no
            // room to move them to the database file.
            try store.store((1...1500).map { .numbered($0) })
            disk.fill()
            // An empty commit needs no room, but enough of them start a checkpoint on another thread.
            let loss = #expect(throws: StoreError.self) {
                for _ in 0..<100_000 { try store.store([StoredNode]()) }
            }
            #expect(loss?.description.contains("full") == true)
        }

        @Test(.enabled(if: SmallDisk.mayMount, "only root may make a small disk"))
        func `that failed to open never reuses the sequence numbers of an epoch`() throws {
            let disk = try #require(SmallDisk(mebibytes: 4))
            try {
                let store = try StateStore.open(in: disk.state, boot: "one", at: 1000).store
                try store.append([.transition(1)])
                try store.close()
            }()
            disk.fill()
            #expect(throws: StoreError.self) { try StateStore.open(in: disk.state, boot: "one", at: 2000) }
            disk.makeRoom()
            let found = try StateStore.open(in: disk.state, boot: "one", at: 3000).found
            #expect(found.epoch == 3000 && found.events.isEmpty)
        }

        @Test(.enabled(if: SmallDisk.mayMount, "only root may make a small disk"))
        func `on a read-only disk reports it`() throws {
            let disk = try #require(SmallDisk(mebibytes: 4))
            try FileManager.default.createDirectory(atPath: disk.state, withIntermediateDirectories: true)
            #expect(disk.protect())
            #expect(throws: StoreError.unusable(folder: disk.state, reason: "Read-only file system")) {
                try StateStore.open(in: disk.state, boot: nil, at: 1)
            }
        }
    #endif
}

@Suite struct `A state folder` {
    @Test func `is created with its parents, for its owner only`() throws {
        let scratch = Scratch()
        let folder = scratch.path + "/var/lib/phi/"
        _ = try StateStore.open(in: folder, boot: nil, at: 1)
        let mode = try FileManager.default.attributesOfItem(atPath: folder)[.posixPermissions] as? Int
        #expect(mode == 0o700)
    }

    @Test func `belongs to one process at a time, and names it`() throws {
        let scratch = Scratch()
        var store: StateStore? = try scratch.open().store
        let error = #expect(throws: StoreError.inUse(folder: scratch.path, process: getpid())) { try scratch.open() }
        #expect(error?.description.contains("process \(getpid())") == true)
        try store?.append([.transition(1)])
        store = nil
        #expect(try scratch.open().found.lastSequence == 1)
    }

    @Test func `that is no folder or cannot be created is an error with a reason`() throws {
        let scratch = Scratch()
        try Data().write(to: URL(fileURLWithPath: scratch.path))
        #expect(throws: StoreError.unusable(folder: scratch.path, reason: "Not a directory")) { try scratch.open() }
        #expect(throws: StoreError.unusable(folder: scratch.path + "/a", reason: "Not a directory")) {
            try StateStore.open(in: scratch.path + "/a", boot: nil, at: 1)
        }
        #expect(throws: StoreError.self) { try StateStore.open(in: "", boot: nil, at: 1) }
        #expect(throws: StoreError.self) { try StateStore.open(in: "/dev/null/phi", boot: nil, at: 1) }
    }

    @Test func `of a later version is not changed`() throws {
        let scratch = Scratch()
        try scratch.open().store.close()
        try scratch.execute("INSERT INTO grdb_migrations VALUES ('99')")
        #expect(throws: StoreError.tooNew(file: scratch.database)) { try scratch.open() }
        try scratch.execute("DELETE FROM grdb_migrations WHERE identifier = '99'")
        #expect(try scratch.open().found.warnings.isEmpty)
    }
}

#if os(Linux)
    extension SmallDisk {
        fileprivate var state: String { path + "/state" }
    }
#endif
