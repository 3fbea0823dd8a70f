import PhiAccrual
import TestSupport
import Testing

@Suite struct `Mass silence` {
    /// Nodes of some groups, each heard at different times.
    private struct Crowd {
        var watch: Watch
        var groups: [String: Int]
        /// Interval of a node in nanoseconds, by its number in the group.
        private let every: (Int) -> Int64
        private(set) var emitted: [Emitted] = []
        private var second: Int64 = 0

        init(
            _ groups: [String: Int], hold: HoldRule? = HoldRule(), phi: Double = 4,
            every: @escaping (Int) -> Int64 = { _ in .seconds(1) }
        ) {
            watch = Watch(levels: [.suspect(.phi(phi))], model: .init(window: 50), hold: hold)
            (self.groups, self.every) = (groups, every)
            for (group, count) in groups {
                for node in 0..<count { watch.announce("\(group)-\(node)", group: group, at: 0) }
            }
        }
        /// Advances by some seconds in which only the selected nodes are heard.
        mutating func live(seconds: Int, where isHeard: (String, Int) -> Bool = { _, _ in true }) {
            for _ in 0..<seconds {
                let beats = groups.flatMap { group, count in (0..<count).flatMap { ofSecond(group, $0, of: count) } }
                for beat in beats.sorted(by: { ($0.at, $0.group) < ($1.at, $1.group) })
                where isHeard(beat.group, beat.node) {
                    emitted += watch.advanceIdeally(before: beat.at)
                    emitted += watch.receive("\(beat.group)-\(beat.node)", beat.sequence, at: beat.at)
                }
                second += 1
                emitted += watch.advanceIdeally(before: .seconds(second))
            }
        }
        private typealias Beat = (group: String, node: Int, sequence: UInt32, at: Int64)
        /// Heartbeats of a node in the current second.
        private func ofSecond(_ group: String, _ node: Int, of count: Int) -> [Beat] {
            let interval = every(node)
            let phase = Int64(Double(node) / Double(count) * Double(interval))
            let first = max(0, (.seconds(second) - phase + interval - 1) / interval)
            return (first...).lazy.map { ($0, phase + $0 * interval) }.prefix { $0.1 < .seconds(second + 1) }
                .map { (group, node, UInt32($0), $1) }
        }
        mutating func emitted(by now: Int64) { emitted += watch.advanceIdeally(before: now) }
        mutating func clearEmitted() { emitted = [] }
        var now: Int64 { .seconds(second) }
        var suspicions: [Emitted] {
            emitted.filter { if case .change(_, _, _, .suspected, _) = $0 { true } else { false } }
        }
        var holds: [HoldChange.Phase] {
            emitted.compactMap { if case .hold(let turn, _, _) = $0 { turn } else { nil } }
        }
        var scopes: [String?] {
            emitted.compactMap { if case .hold(_, let group, _) = $0 { .some(group) } else { nil } }
        }
    }

    @Test(arguments: [8, 20, 300]) func `that heals causes no suspicion`(count: Int) {
        var crowd = Crowd(["lab": count])
        crowd.live(seconds: 60)
        crowd.clearEmitted()
        crowd.live(seconds: 10) { _, _ in false }
        crowd.live(seconds: 60)
        #expect(crowd.suspicions.isEmpty)
        #expect(crowd.holds == [.begins, .released])
        #expect(crowd.scopes == ["lab", "lab"])
    }
    @Test(arguments: [5, 40, 400]) func `of nodes with very different intervals causes no suspicion`(count: Int) {
        // One node in forty, at least three, is heard ten times a second and is overdue first. The others are heard
        // every ten seconds.
        var crowd = Crowd(["lab": count], phi: 30) { $0 < max(3, count / 40) ? .milliseconds(100) : .seconds(10) }
        crowd.live(seconds: 120)
        crowd.clearEmitted()
        crowd.live(seconds: 10) { _, _ in false }
        crowd.live(seconds: 60)
        #expect(crowd.suspicions.isEmpty)
        #expect(crowd.holds == [.begins, .released])
    }
    @Test(arguments: 0..<5) func `is detected when only a few of many nodes are overdue`(seconds: Int) {
        // At the first deadline, 3 % of the nodes are overdue.
        var crowd = Crowd(["lab": 1000], phi: 0.7)
        crowd.live(seconds: 20 + seconds)
        crowd.clearEmitted()
        crowd.live(seconds: 4) { _, _ in false }
        #expect(crowd.suspicions.isEmpty)
        #expect(crowd.holds.first == .begins)
    }
    @Test(arguments: [
        ["a": 30, "b": 30, "c": 30], Dictionary(uniqueKeysWithValues: (0..<100).map { ("g\($0)", 1 + $0 % 2) }),
    ]) func `of all groups is one hold, even if the groups are small`(groups: [String: Int]) {
        var crowd = Crowd(groups)
        crowd.live(seconds: 60)
        crowd.clearEmitted()
        crowd.live(seconds: 10) { _, _ in false }
        crowd.live(seconds: 40)
        #expect(crowd.suspicions.isEmpty)
        #expect(crowd.holds == [.begins, .released])
        #expect(crowd.scopes == [nil, nil])
    }
    /// What the documentation claims about few nodes.
    @Test(arguments: [1, 2, 3, 4, 5, 10, 20, 50], [0.7, 4, 30])
    func `of a few nodes is detected from three on, however short their timeouts`(count: Int, phi: Double) {
        var crowd = Crowd(["lab": count], phi: phi)
        crowd.live(seconds: 60)
        crowd.clearEmitted()
        crowd.live(seconds: 10) { _, _ in false }
        crowd.live(seconds: 40)
        #expect(crowd.holds == (count < 3 ? [] : [.begins, .released]))
        #expect(crowd.suspicions.count == (count < 3 ? count : 0))
    }
    @Test func `is undecided only until another node is heard`() {
        var crowd = Crowd(["lab": 5], phi: 0.7)
        crowd.live(seconds: 60)
        crowd.clearEmitted()
        let death = crowd.now - .seconds(1)
        crowd.live(seconds: 5) { _, node in node != 0 }
        // Its timeout of 1.08 s ends before any node is heard after its expected arrival. The next node is heard 1.2 s
        // after the candidate's last heartbeat.
        #expect(crowd.emitted == [.change("lab-0", .trusted, .suspected, at: death + .milliseconds(1200))])
    }
    @Test func `is undecided for at most one interval`() {
        // The other nodes are not due for seconds.
        var crowd = Crowd(["lab": 3], phi: 0.7) { $0 == 0 ? .milliseconds(100) : .seconds(10) }
        crowd.live(seconds: 105)
        crowd.clearEmitted()
        let death = crowd.now
        crowd.live(seconds: 1) { _, node in node != 0 }
        #expect(crowd.holds.isEmpty && crowd.suspicions.count == 1)
        for case .change(_, _, _, _, let at) in crowd.suspicions {
            #expect((death + .milliseconds(100)..<death + .milliseconds(120)).contains(at), "\(at - death)")
        }
    }
    @Test func `that was only undecided is learned from`() throws {
        var crowd = Crowd(["lab": 3], phi: 0.7)
        crowd.live(seconds: 20)
        crowd.clearEmitted()
        let samples = try #require(crowd.watch.status("lab-0", at: crowd.now)?.samples)
        // The next heartbeat is late and ends the undecided silence.
        crowd.emitted(by: crowd.now + .milliseconds(150))
        #expect(crowd.watch.status("lab-0", at: crowd.now)?.heldSince == nil)
        crowd.watch.receive("lab-0", 20, at: crowd.now + .milliseconds(150))
        #expect(crowd.watch.status("lab-0", at: crowd.now)?.samples == samples + 1)
        #expect(crowd.emitted.isEmpty)
    }
    @Test func `that lasts causes suspicions when the hold expires`() throws {
        var crowd = Crowd(["lab": 100, "other": 100])
        crowd.live(seconds: 60)
        crowd.clearEmitted()
        let cut = crowd.now
        crowd.live(seconds: 90) { group, _ in group == "other" }
        #expect(crowd.holds == [.begins, .expired])
        #expect(crowd.scopes == ["lab", "lab"])
        #expect(crowd.suspicions.count == 100)
        for case .change(let name, _, _, _, let at) in crowd.suspicions {
            #expect(name.hasPrefix("lab"))
            #expect((cut + .seconds(30)...cut + .seconds(33)).contains(at), "\(at - cut)")
        }
    }
    @Test func `is not assumed for a few nodes among many`() {
        var crowd = Crowd(["lab": 100])
        crowd.live(seconds: 60)
        crowd.clearEmitted()
        crowd.live(seconds: 20) { _, node in node % 10 != 0 }
        #expect(crowd.holds.isEmpty)
        #expect(crowd.suspicions.count == 10)
    }
    @Test func `is not assumed if the other nodes fell silent before`() {
        // Node 0 is heard ten times a second, the others once. Four others die and are not yet suspected when node 0
        // dies.
        var crowd = Crowd(["lab": 12], phi: 30) { $0 == 0 ? .milliseconds(100) : .seconds(1) }
        crowd.live(seconds: 60)
        crowd.clearEmitted()
        crowd.live(seconds: 1) { _, node in !(2...5).contains(node) }
        #expect(crowd.suspicions.isEmpty)
        crowd.live(seconds: 5) { _, node in node != 0 && !(2...5).contains(node) }
        #expect(crowd.holds.isEmpty)
        #expect(crowd.suspicions.count == 5)
        #expect(
            crowd.suspicions.first
                == crowd.suspicions.first { if case .change("lab-0", _, _, _, _) = $0 { true } else { false } })
    }
    @Test func `begins again if nodes fall silent after the release`() {
        var crowd = Crowd(["lab": 20])
        crowd.live(seconds: 60)
        crowd.clearEmitted()
        crowd.live(seconds: 4) { _, _ in false }
        // Half of the nodes come back and fall silent again.
        crowd.live(seconds: 2) { _, node in node < 10 }
        crowd.live(seconds: 4) { _, _ in false }
        crowd.live(seconds: 60)
        #expect(crowd.suspicions.isEmpty)
        #expect(crowd.holds == [.begins, .released, .begins, .released])
    }
    @Test func `ends with the suspicion of nodes that died in it`() {
        var crowd = Crowd(["lab": 50])
        crowd.live(seconds: 60)
        crowd.clearEmitted()
        crowd.live(seconds: 10) { _, _ in false }
        crowd.live(seconds: 60) { _, node in node % 10 != 0 }
        #expect(crowd.holds == [.begins, .released])
        #expect(
            Set(crowd.suspicions.map { if case .change(let name, _, _, _, _) = $0 { name } else { "" } })
                == ["lab-0", "lab-10", "lab-20", "lab-30", "lab-40"])
    }
    @Test func `that expires emits no suspicion dated in the past`() {
        var crowd = Crowd(["lab": 50])
        crowd.live(seconds: 60)
        crowd.clearEmitted()
        // Ten nodes are heard for some seconds of the hold and then die as well.
        crowd.live(seconds: 5) { _, node in node < 10 }
        crowd.live(seconds: 60) { _, _ in false }
        let instants = crowd.emitted.map { emitted in
            switch emitted {
            case .change(_, _, _, _, let at), .notice(_, let at), .hold(_, _, let at): at
            }
        }
        #expect(crowd.suspicions.count == 50)
        #expect(instants == instants.sorted())
    }
    @Test func `changes no timeout`() throws {
        var crowd = Crowd(["lab": 20])
        crowd.live(seconds: 60)
        let timeout = try #require(crowd.watch.status("lab-3", at: crowd.now)?.levels[0].timeout)
        crowd.live(seconds: 10) { _, _ in false }
        crowd.live(seconds: 3)
        #expect(crowd.watch.status("lab-3", at: crowd.now)?.levels[0].timeout == timeout)
        #expect(crowd.watch.status("lab-19", at: crowd.now)?.levels[0].timeout == timeout)
    }
    @Test func `that ends in a burst of queued heartbeats is not learned from`() throws {
        var crowd = Crowd(["lab": 20])
        crowd.live(seconds: 60)
        let before = try #require(crowd.watch.status("lab-3", at: crowd.now)?.expected)
        crowd.live(seconds: 9) { _, _ in false }
        // Ten heartbeats per node, within 50 ms.
        let burst = crowd.now
        for late in 0..<10 as Range<Int64> {
            for node in 0..<20 {
                crowd.watch.receive("lab-\(node)", UInt32(60 + late), at: burst + late * .milliseconds(5))
            }
        }
        crowd.emitted(by: burst + .seconds(1) / 2)
        #expect(crowd.holds.last == .released)
        #expect(crowd.watch.status("lab-3", at: crowd.now)?.expected == before)
    }
    @Test func `causes suspicions without a hold rule`() {
        var crowd = Crowd(["lab": 20], hold: nil)
        crowd.live(seconds: 60)
        crowd.clearEmitted()
        crowd.live(seconds: 10) { _, _ in false }
        #expect(crowd.holds.isEmpty && crowd.suspicions.count == 20)
    }
    @Test func `after an expired hold is held again for nodes heard since`() {
        var crowd = Crowd(["lab": 50])
        crowd.live(seconds: 60)
        crowd.live(seconds: 60) { _, node in node >= 40 }
        crowd.clearEmitted()
        crowd.live(seconds: 30)
        #expect(crowd.emitted.count == 40)
        crowd.clearEmitted()
        crowd.live(seconds: 10) { _, _ in false }
        crowd.live(seconds: 30)
        #expect(crowd.suspicions.isEmpty)
        #expect(crowd.holds == [.begins, .released])
    }

    /// Nodes that were heard every second, all at once, until 59 s, and are now under a hold.
    private func held(_ count: Int) -> Watch {
        var watch = Watch(levels: [.suspect(.phi(4))], model: .init(window: 50), hold: HoldRule())
        for node in 0..<count { watch.trust("\(node)", afterHeartbeats: 60, every: .seconds(1)) }
        #expect(watch.advanceIdeally(before: .seconds(65)).count == 1)
        return watch
    }

    @Test func `that heals in a late step delays no suspicion after it`() throws {
        var watch = held(10)
        // Heard after the instant of the hold's check but before the step that makes the check.
        let healed: Int64 = .seconds(65) + .milliseconds(900)
        for node in 0..<10 { watch.receive("\(node)", 65, at: healed) }
        let emitted = watch.advance(to: healed)
        #expect(emitted.count == 1)
        guard case .hold(.released, _, let released)? = emitted.first else {
            Issue.record("\(emitted)")
            return
        }
        #expect(released < healed)
        var suspicions: [Emitted] = []
        for second in 1...10 as ClosedRange<Int64> {
            suspicions += watch.advanceIdeally(before: healed + .seconds(second))
            for node in 1..<10 { watch.receive("\(node)", UInt32(65 + second), at: healed + .seconds(second)) }
        }
        let deadline = try #require(watch.deadline("0"))
        #expect(suspicions == [.change("0", .trusted, .suspected, at: deadline)])
        #expect(deadline < healed + .seconds(2))
    }

    @Test func `is not healed by forgotten nodes`() {
        var watch = held(4)
        watch.receive("0", 65, at: .seconds(65))
        var events: [Event] = []
        watch.detector.forget(.named("0"), at: Instant(nanoseconds: .seconds(65)), into: &events)
        watch.receive("1", 65, at: .seconds(65))
        #expect(watch.advanceIdeally(before: .seconds(66)).isEmpty)
        watch.receive("2", 66, at: .seconds(66))
        #expect(watch.advance(to: .seconds(66) + .milliseconds(500)).count == 1)
    }
}
