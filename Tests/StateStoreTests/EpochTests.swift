import Foundation
import PhiAccrual
import Platform
import StateStore
import Testing

@Suite struct `An event log` {
    /// A state store with entries of every kind, closed cleanly or killed.
    private func prepared(closing: Bool, boot: String? = "one") throws -> Scratch {
        let scratch = Scratch()
        let store = try scratch.open(boot: boot, at: 1000).store
        try store.append([.transition(1), .transition(2)])
        try store.store([.numbered(1)])
        try store.store([StoredGroup(group: "g", model: "adaptive 1", state: [1])])
        try store.tune("suspect", for: .everyone, to: .phi(3))
        try store.pause(
            StoredPause(
                key: NodeKey(rawValue: 1), node: NodeIdentity(group: "g", name: "n1"), until: 9, reason: "planned"))
        if closing { try store.close() }
        return try withExtendedLifetime(store) { try scratch.killed() }
    }
    private func expectNewLog(_ scratch: Scratch, boot: String?, at time: UInt64 = 5000, because reason: String) throws
    {
        let (store, found) = try scratch.open(boot: boot, at: time)
        #expect(found.epoch == max(time, 1001) && found.lastSequence == 0)
        #expect(found.events.isEmpty && found.state.isEmpty)
        #expect(found.tunings.count == 1 && found.pauses.count == 1 && found.groups.count == 1)
        #expect(try store.learnedNodes == [.numbered(1)])
        #expect(found.warnings.count == 1 && found.warnings.first?.contains(reason) == true, "\(found.warnings)")
        try store.append([.transition(1)])
    }
    private func expectSameLog(_ scratch: Scratch, boot: String?) throws {
        let found = try scratch.open(boot: boot, at: 5000).found
        #expect(found.epoch == 1000 && found.lastSequence == 2 && found.warnings.isEmpty)
    }

    @Test func `continues after the process was killed`() throws {
        try expectSameLog(try prepared(closing: false), boot: "one")
    }
    @Test func `continues after a reboot, if the service closed it before`() throws {
        try expectSameLog(try prepared(closing: true), boot: "two")
    }
    @Test func `is replaced after a machine crash, and all other state is kept`() throws {
        try expectNewLog(try prepared(closing: false), boot: "two", because: "machine stopped")
        try expectNewLog(try prepared(closing: false, boot: nil), boot: nil, because: "machine stopped")
    }
    @Test func `that was closed cleanly is unclean again once it is opened`() throws {
        let scratch = try prepared(closing: true)
        let store = try scratch.open(boot: "two").store
        let copy = try withExtendedLifetime(store) { try scratch.killed() }
        try expectNewLog(copy, boot: "three", because: "machine stopped")
    }
    @Test func `never reuses an epoch, even if the clock was set back`() throws {
        try expectNewLog(try prepared(closing: false), boot: "two", at: 7, because: "machine stopped")
    }
    @Test func `is replaced if the marker file is missing, since the database may be an old copy`() throws {
        let scratch = try prepared(closing: true)
        try FileManager.default.removeItem(atPath: scratch.path + "/complete")
        try expectNewLog(scratch, boot: "one", because: "without its state store")
        let found = try scratch.open(boot: "one").found
        #expect(found.lastSequence == 1 && found.warnings.isEmpty)
    }
    @Test func `causes a warning if nothing is left of it`() throws {
        let scratch = try prepared(closing: true)
        try FileManager.default.removeItem(atPath: scratch.database)
        let found = try scratch.open(at: 5000).found
        #expect(found.epoch == 5000 && found.warnings.count == 1)
    }

    @Test func `can identify the current boot of the machine`() throws {
        let boot = try #require(BootID.identifier)
        #expect(boot.count >= 32 && boot == BootID.identifier && !boot.contains("\n"))
    }
}
