import PhiAccrual
import Testing

@testable import Configuration

@Suite struct `A reloaded configuration` {
    private let old = "levels: {suspect: phi=8, evict: phi=12}"
    private func reload(_ old: String, _ new: String) throws -> Reload {
        let before = try read(old, lateness: { _ in try .bare() }).configuration
        return try read(new, lateness: { _ in try .bare() }).configuration.changes(from: before)
    }

    @Test func `without changes applies nothing`() throws {
        let reload = try reload(old, old)
        #expect((reload.applied, reload.refused) == ([], []))
        #expect(reload.configuration == (try read(old).configuration))
    }

    @Test(arguments: [
        ("levels: {suspect: phi=9, evict: phi=12}", "policies of levels, groups, and nodes changed"),
        ("groups: {edge: {levels: {evict: phi=9}}}", "policies of levels, groups, and nodes changed"),
        ("nodes: {a/b: {levels: {evict: phi=9}}}", "policies of levels, groups, and nodes changed"),
        ("groups: {edge: {expect: a b}}", "2 nodes are expected now, 0 before"),
        ("join_within: 5m", "join_within is now 5m"),
        ("hold: off", "hold is now off"),
        ("hold: 0.7", "hold is now share 0.7, min_excess 3, max_duration 30s"),
        ("damping: {flaps: 3}", "damping is now flaps 3, within 10m, quiet_period 1m"),
        ("trust_again_after: 3", "trust_again_after is now 3"),
    ]) func `applies changes that need no restart`(line: String, sentence: String) throws {
        let new = line.hasPrefix("levels") ? line : "\(old)\n\(line)"
        let reload = try reload(old, new)
        #expect((reload.applied, reload.refused) == ([sentence], []))
        #expect(reload.configuration == (try read(new).configuration))
    }

    @Test(arguments: [
        ("heartbeats: tcp://*:1", "heartbeats"), ("connect: tcp://a:1\nheartbeats: tcp://127.0.0.1:7710", "connect"),
        ("events: tcp://*:1", "events"), ("control: tcp://*:1", "control"), ("detector: normal", "detector"),
        ("profile: wifi", "profile"), ("retention: 1h", "retention"), ("state: s", "state"), ("record: r", "record"),
        ("limits: {nodes: 5}", "limits"), ("log: json", "log"),
    ]) func `refuses changes that need a restart, and reports them`(line: String, key: String) throws {
        let reload = try reload(old, "\(old)\n\(line)\ntrust_again_after: 2")
        #expect(reload.refused == ["\(key) needs a restart to change: the old value stays in effect"])
        #expect(reload.applied == ["trust_again_after is now 2"])
        #expect(reload.configuration == (try read("\(old)\ntrust_again_after: 2").configuration))
    }

    @Test func `applies and reports each part of the rule for renewed trust`() throws {
        let new = "\(old)\ntrust_again_after: 2\ndamping: {within: 5m}"
        let reload = try reload("\(old)\ndamping: {}", new)
        #expect(
            reload.applied == ["damping is now flaps 5, within 5m, quiet_period 1m", "trust_again_after is now 2"])
        #expect(reload.configuration == (try read(new).configuration))
        #expect(try self.reload(new, old).applied == ["damping is now off", "trust_again_after is now 1"])
    }

    @Test func `refuses policies that the running detector does not support`() throws {
        for policies in [
            "levels: {suspect: price=9}", "levels: {suspect: phi=8}\nnodes: {a/b: {levels: {suspect: price=9}}}",
        ] {
            let reload = try reload("detector: normal\nlevels: {suspect: phi=8}", policies)
            #expect(
                reload.refused == [
                    "policies do not fit the running detector: the old ones stay in effect until a restart",
                    "detector needs a restart to change: the old value stays in effect",
                ])
            #expect(reload.configuration.policies.said(of: "a/b") == "phi=8 (file)")
        }
    }

    @Test func `refuses renamed levels and keeps the old policies`() throws {
        for levels in ["{suspect: phi=1}", "{evict: phi=12, suspect: phi=8}", "{suspect: phi=1, remove: phi=2}"] {
            let reload = try reload(old, "levels: \(levels)\ntrust_again_after: 2")
            #expect(
                reload.refused == [
                    "names and order of levels need a restart to change: the levels stay suspect, evict, with their old "
                        + "policies"
                ])
            #expect(reload.configuration == (try read("\(old)\ntrust_again_after: 2").configuration))
        }
    }
}
