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
        ("levels: {suspect: phi=9, evict: phi=12}", "policies of levels, groups and nodes are as configured now"),
        ("groups: {edge: {levels: {evict: phi=9}}}", "policies of levels, groups and nodes are as configured now"),
        ("nodes: {a/b: {levels: {evict: phi=9}}}", "policies of levels, groups and nodes are as configured now"),
        ("groups: {edge: {expect: a b}}", "2 nodes are expected now, 0 before"),
        ("join_within: 5m", "an expected node may take 5m to be heard first now"),
        ("hold: off", "mass silence is believed now"),
        ("hold: 0.7", "mass silence is doubted by another rule now"),
        ("damping: {flaps: 3}", "suspected nodes are trusted again by another rule now"),
        ("trust_again_after: 3", "suspected nodes are trusted again by another rule now"),
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
        #expect(reload.refused == ["\(key) changes with a restart only, and stays as it was"])
        #expect(reload.applied == ["suspected nodes are trusted again by another rule now"])
        #expect(reload.configuration == (try read("\(old)\ntrust_again_after: 2").configuration))
    }

    @Test func `refuses policies that the running detector does not support`() throws {
        for policies in [
            "levels: {suspect: price=9}", "levels: {suspect: phi=8}\nnodes: {a/b: {levels: {suspect: price=9}}}",
        ] {
            let reload = try reload("detector: normal\nlevels: {suspect: phi=8}", policies)
            #expect(
                reload.refused == [
                    "policies change with the detector, and stay as they were until a restart",
                    "detector changes with a restart only, and stays as it was",
                ])
            #expect(reload.configuration.policies.said(of: "a/b") == "phi=8 (file)")
        }
    }

    @Test func `refuses renamed levels and keeps the old policies`() throws {
        for levels in ["{suspect: phi=1}", "{evict: phi=12, suspect: phi=8}", "{suspect: phi=1, remove: phi=2}"] {
            let reload = try reload(old, "levels: \(levels)\ntrust_again_after: 2")
            #expect(
                reload.refused == [
                    "names and order of levels change with a restart only: they stay suspect, evict, with the policies that they "
                        + "had"
                ])
            #expect(reload.configuration == (try read("\(old)\ntrust_again_after: 2").configuration))
        }
    }
}
