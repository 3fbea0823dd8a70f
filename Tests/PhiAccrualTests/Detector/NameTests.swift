import TestSupport
import Testing

@testable import PhiAccrual

@Suite struct `A node that did not announce its name` {
    @Test func `is reported once, and watched like any other`() throws {
        var watch = Watch()
        #expect(watch.receive("a", 0, announcing: .seconds(1), at: 0) == [.notice(.unnamed, at: 0)])
        for number in 1..<10 as Range<Int64> {
            #expect(watch.receive("a", UInt32(number), at: .seconds(number)).isEmpty)
        }
        #expect(watch.verdict("a") == .trusted)
        #expect(watch.advance(to: .hours(1)).isEmpty)
        #expect(watch.verdict("a") == .suspected)
        #expect(watch.status("a")?.identity == nil)
    }
    @Test func `emits its current verdict when its name is announced`() {
        var watch = Watch(levels: .three)
        watch.receive("a", 0, announcing: .seconds(1), at: 0)
        var learning = watch
        #expect(
            learning.announce("a", at: 9) == (0..<3).map { .change("a", level: $0, .new, .learning, at: 9) })

        watch.receive("a", 1, at: .seconds(1))
        watch.receive("a", 2, at: .seconds(2))
        var trusted = watch
        #expect(
            trusted.announce("a", at: .seconds(3))
                == (0..<3).map { .change("a", level: $0, .new, .trusted, at: .seconds(3)) })
        #expect(trusted.evidence?.silence == .seconds(1))

        watch.advance(to: watch.deadline("a", level: 1) ?? 0)
        let emitted = watch.announce("a", at: .seconds(60))
        #expect(
            emitted == [
                .change("a", level: 0, .new, .suspected, at: .seconds(60)),
                .change("a", level: 1, .new, .suspected, at: .seconds(60)),
                .change("a", level: 2, .new, .trusted, at: .seconds(60)),
            ])
    }
    @Test func `may have left before its name is announced`() {
        var watch = Watch()
        watch.receive("a", 0, at: 0)
        #expect(watch.receive("a", 1, isLeaving: true, at: 1).isEmpty)
        #expect(watch.announce("a", at: 2) == [.change("a", .new, .left, at: 2)])
    }
    @Test func `is forgotten without an event, and reported again when it returns`() {
        var watch = Watch(retention: .hours(1))
        watch.receive("a", 0, at: 0)
        #expect(watch.advance(to: .hours(1)).isEmpty)
        #expect(watch.detector.nodeCount == 0)
        #expect(watch.receive("a", 0, at: .hours(2)) == [.notice(.unnamed, at: .hours(2))])
    }
    @Test func `has its key in the notice`() throws {
        var watch = Watch()
        watch.receive("a", 0, incarnation: 77, at: 5)
        #expect(
            watch.events == [
                .notice(
                    Notice(
                        code: .unnamed, key: .named("a"), node: nil, incarnation: 77, at: Instant(nanoseconds: 5)))
            ])
    }
}

@Suite struct `A name` {
    @Test func `announced again emits nothing`() {
        var watch = Watch.trusting("a")
        for _ in 0..<10 { #expect(watch.announce("a", at: .seconds(10)).isEmpty) }
    }
    @Test func `that claims another node's key is reported once, and the first name stays`() {
        var watch = Watch.trusting("a")
        #expect(watch.announce("a", as: "b", at: 5) == [.notice(.nameCollision, at: 5)])
        #expect(watch.announce("a", as: "b", at: 6).isEmpty)
        #expect(watch.announce("a", as: "c", at: 7).isEmpty)
        #expect(watch.status("a")?.identity?.name == "a")
        #expect(watch.verdict("a") == .trusted)
    }
    @Test(arguments: [
        "a", "edge-1", "–", "node.with_all~kinds of:signs", "ключ", "🫀", String(repeating: "x", count: 64),
    ])
    func `may be any short text`(name: String) throws {
        let identity = try NodeIdentity(group: name, name: name)
        #expect(identity.description == "\(name)/\(name)")
        #expect(NodeIdentity.invalidity(ofName: name) == nil)
    }
    @Test(arguments: [
        ("", "it is empty"), ("-", "'-' is reserved"), ("a/b", "'/' separates group and node"),
        ("a\nb", "it contains a control character"), ("\u{0}", "it contains a control character"),
        ("\u{9f}", "it contains a control character"),
        (String(repeating: "x", count: 65), "it has 65 bytes, more than 64"),
        (String(repeating: "é", count: 33), "it has 66 bytes, more than 64"),
    ])
    func `that is invalid is refused with the reason`(name: String, reason: String) {
        #expect(NodeIdentity.invalidity(ofName: name) == reason)
        let error = #expect(throws: InvalidName.self) { try NodeIdentity(group: "lab", name: name) }
        #expect(error?.part == "node")
        #expect(error?.reason == reason)
        #expect(throws: InvalidName.self) { try NodeIdentity(group: name, name: "a") }
        #expect(throws: InvalidName.self) { try Level(name: name, policy: .phi(8)) }
    }
    @Test func `that is refused is safe to print`() {
        let error = #expect(throws: InvalidName.self) { try NodeIdentity(group: "lab", name: "\u{1b}[2J") }
        #expect(
            error?.description
                == #"invalid node name "\u{1b}[2J": it contains a control character; use 1 to 64 bytes of UTF-8 without '/' or control characters"#
        )
    }
}
