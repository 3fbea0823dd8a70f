import PhiAccrual
import TestSupport
import Testing

@Suite struct `Mass silence` {
    /// Nodes of some groups, each heard at times of its own.
    private struct Crowd {
        var watch: Watch
        var groups: [String: Int]
        /// Interval of a group's node, by its number.
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
        /// Some seconds in which only those that are wanted are heard.
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
        /// A node's of the present second.
        private func ofSecond(_ group: String, _ node: Int, of count: Int) -> [Beat] {
            let interval = every(node)
            let phase = Int64(Double(node) / Double(count) * Double(interval))
            let first = max(0, (.seconds(second) - phase + interval - 1) / interval)
            return (first...).lazy.map { ($0, phase + $0 * interval) }.prefix { $0.1 < .seconds(second + 1) }
                .map { (group, node, UInt32($0), $1) }
        }
        mutating func emitted(by now: Int64) { emitted += watch.advanceIdeally(before: now) }
        mutating func forgetTold() { emitted = [] }
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

    @Test(arguments: [8, 20, 300]) func `that heals suspects nobody`(count: Int) {
        var crowd = Crowd(["lab": count])
        crowd.live(seconds: 60)
        crowd.forgetTold()
        crowd.live(seconds: 10) { _, _ in false }
        crowd.live(seconds: 60)
        #expect(crowd.suspicions.isEmpty)
        #expect(crowd.holds == [.begins, .released])
        #expect(crowd.scopes == ["lab", "lab"])
    }
    @Test(arguments: [5, 40, 400]) func `of nodes with very different intervals suspects nobody`(count: Int) {
        // One in forty is heard ten times a second, and sees first that nobody is; the others every ten seconds.
        var crowd = Crowd(["lab": count], phi: 30) { $0 < max(3, count / 40) ? .milliseconds(100) : .seconds(10) }
        crowd.live(seconds: 120)
        crowd.forgetTold()
        crowd.live(seconds: 10) { _, _ in false }
        crowd.live(seconds: 60)
        #expect(crowd.suspicions.isEmpty)
        #expect(crowd.holds == [.begins, .released])
    }
    @Test(arguments: 0..<5) func `is seen when only a few of many are overdue`(seconds: Int) {
        // By the first deadline three in a hundred are.
        var crowd = Crowd(["lab": 1000], phi: 0.7)
        crowd.live(seconds: 20 + seconds)
        crowd.forgetTold()
        crowd.live(seconds: 4) { _, _ in false }
        #expect(crowd.suspicions.isEmpty)
        #expect(crowd.holds.first == .begins)
    }
    @Test(arguments: [
        ["a": 30, "b": 30, "c": 30], Dictionary(uniqueKeysWithValues: (0..<100).map { ("g\($0)", 1 + $0 % 2) }),
    ]) func `of all groups is one hold, also where they are small`(groups: [String: Int]) {
        var crowd = Crowd(groups)
        crowd.live(seconds: 60)
        crowd.forgetTold()
        crowd.live(seconds: 10) { _, _ in false }
        crowd.live(seconds: 40)
        #expect(crowd.suspicions.isEmpty)
        #expect(crowd.holds == [.begins, .released])
        #expect(crowd.scopes == [nil, nil])
    }
    /// What the documentation says of few nodes.
    @Test(arguments: [1, 2, 3, 4, 5, 10, 20, 50], [0.7, 4, 30])
    func `of a few nodes is seen from three on, however tight their waits`(count: Int, phi: Double) {
        var crowd = Crowd(["lab": count], phi: phi)
        crowd.live(seconds: 60)
        crowd.forgetTold()
        crowd.live(seconds: 10) { _, _ in false }
        crowd.live(seconds: 40)
        #expect(crowd.holds == (count < 3 ? [] : [.begins, .released]))
        #expect(crowd.suspicions.count == (count < 3 ? count : 0))
    }
    @Test func `is doubted only until somebody else is heard`() {
        var crowd = Crowd(["lab": 5], phi: 0.7)
        crowd.live(seconds: 60)
        crowd.forgetTold()
        let death = crowd.now - .seconds(1)
        crowd.live(seconds: 5) { _, node in node != 0 }
        // Its wait of 1.08 s ends when nobody was heard since it should have been; the next one is 1.2 s after it was heard.
        #expect(crowd.emitted == [.change("lab-0", .trusted, .suspected, at: death + .milliseconds(1200))])
    }
    @Test func `is doubted for no longer than an interval`() {
        // The others have nothing to say for seconds.
        var crowd = Crowd(["lab": 3], phi: 0.7) { $0 == 0 ? .milliseconds(100) : .seconds(10) }
        crowd.live(seconds: 105)
        crowd.forgetTold()
        let death = crowd.now
        crowd.live(seconds: 1) { _, node in node != 0 }
        #expect(crowd.holds.isEmpty && crowd.suspicions.count == 1)
        for case .change(_, _, _, _, let at) in crowd.suspicions {
            #expect((death + .milliseconds(100)..<death + .milliseconds(120)).contains(at), "\(at - death)")
        }
    }
    @Test func `that was only doubted is learned from`() throws {
        var crowd = Crowd(["lab": 3], phi: 0.7)
        crowd.live(seconds: 20)
        crowd.forgetTold()
        let samples = try #require(crowd.watch.status("lab-0", at: crowd.now)?.samples)
        // Its next one is late, and the doubt's end.
        crowd.emitted(by: crowd.now + .milliseconds(150))
        #expect(crowd.watch.status("lab-0", at: crowd.now)?.heldSince == nil)
        crowd.watch.receive("lab-0", 20, at: crowd.now + .milliseconds(150))
        #expect(crowd.watch.status("lab-0", at: crowd.now)?.samples == samples + 1)
        #expect(crowd.emitted.isEmpty)
    }
    @Test func `that lasts is death, and told when the hold ends`() throws {
        var crowd = Crowd(["lab": 100, "other": 100])
        crowd.live(seconds: 60)
        crowd.forgetTold()
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
    @Test func `of few among many is no mass`() {
        var crowd = Crowd(["lab": 100])
        crowd.live(seconds: 60)
        crowd.forgetTold()
        crowd.live(seconds: 20) { _, node in node % 10 != 0 }
        #expect(crowd.holds.isEmpty)
        #expect(crowd.suspicions.count == 10)
    }
    @Test func `is none where the others fell silent before`() {
        // Node 0 is heard ten times a second, the others once. Four of these die, and are not suspected yet when it dies too.
        var crowd = Crowd(["lab": 12], phi: 30) { $0 == 0 ? .milliseconds(100) : .seconds(1) }
        crowd.live(seconds: 60)
        crowd.forgetTold()
        crowd.live(seconds: 1) { _, node in !(2...5).contains(node) }
        #expect(crowd.suspicions.isEmpty)
        crowd.live(seconds: 5) { _, node in node != 0 && !(2...5).contains(node) }
        #expect(crowd.holds.isEmpty)
        #expect(crowd.suspicions.count == 5)
        #expect(
            crowd.suspicions.first
                == crowd.suspicions.first { if case .change("lab-0", _, _, _, _) = $0 { true } else { false } })
    }
    @Test func `begins again for those who were not heard since it was released`() {
        var crowd = Crowd(["lab": 20])
        crowd.live(seconds: 60)
        crowd.forgetTold()
        crowd.live(seconds: 4) { _, _ in false }
        // Half of them come back, and are gone again.
        crowd.live(seconds: 2) { _, node in node < 10 }
        crowd.live(seconds: 4) { _, _ in false }
        crowd.live(seconds: 60)
        #expect(crowd.suspicions.isEmpty)
        #expect(crowd.holds == [.begins, .released, .begins, .released])
    }
    @Test func `ends with the truth about those who died in it`() {
        var crowd = Crowd(["lab": 50])
        crowd.live(seconds: 60)
        crowd.forgetTold()
        crowd.live(seconds: 10) { _, _ in false }
        crowd.live(seconds: 60) { _, node in node % 10 != 0 }
        #expect(crowd.holds == [.begins, .released])
        #expect(
            Set(crowd.suspicions.map { if case .change(let name, _, _, _, _) = $0 { name } else { "" } })
                == ["lab-0", "lab-10", "lab-20", "lab-30", "lab-40"])
    }
    @Test func `that expired costs nobody who was heard in it a date in the past`() {
        var crowd = Crowd(["lab": 50])
        crowd.live(seconds: 60)
        crowd.forgetTold()
        // Ten go on for some seconds of the hold, and then die as well.
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
    @Test func `teaches nothing`() throws {
        var crowd = Crowd(["lab": 20])
        crowd.live(seconds: 60)
        let timeout = try #require(crowd.watch.status("lab-3", at: crowd.now)?.levels[0].timeout)
        crowd.live(seconds: 10) { _, _ in false }
        crowd.live(seconds: 3)
        #expect(crowd.watch.status("lab-3", at: crowd.now)?.levels[0].timeout == timeout)
        #expect(crowd.watch.status("lab-19", at: crowd.now)?.levels[0].timeout == timeout)
    }
    @Test func `that ends in a burst of what waited somewhere teaches nothing`() throws {
        var crowd = Crowd(["lab": 20])
        crowd.live(seconds: 60)
        let before = try #require(crowd.watch.status("lab-3", at: crowd.now)?.expected)
        crowd.live(seconds: 9) { _, _ in false }
        // Those of ten seconds, within 50 ms.
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
    @Test func `is told as it comes where nobody asks for holds`() {
        var crowd = Crowd(["lab": 20], hold: nil)
        crowd.live(seconds: 60)
        crowd.forgetTold()
        crowd.live(seconds: 10) { _, _ in false }
        #expect(crowd.holds.isEmpty && crowd.suspicions.count == 20)
    }
    @Test func `that comes again after a hold expired holds again only those heard since`() {
        var crowd = Crowd(["lab": 50])
        crowd.live(seconds: 60)
        crowd.live(seconds: 60) { _, node in node >= 40 }
        crowd.forgetTold()
        crowd.live(seconds: 30)
        #expect(crowd.emitted.count == 40)
        crowd.forgetTold()
        crowd.live(seconds: 10) { _, _ in false }
        crowd.live(seconds: 30)
        #expect(crowd.suspicions.isEmpty)
        #expect(crowd.holds == [.begins, .released])
    }

    /// Some nodes that were heard every second, all at once, up to 59 s, and the hold that their silence becomes.
    private func held(_ count: Int) -> Watch {
        var watch = Watch(levels: [.suspect(.phi(4))], model: .init(window: 50), hold: HoldRule())
        for node in 0..<count { watch.trust("\(node)", afterHeartbeats: 60, every: .seconds(1)) }
        #expect(watch.advanceIdeally(before: .seconds(65)).count == 1)
        return watch
    }

    @Test func `that heals in a late step holds back nobody after it`() throws {
        var watch = held(10)
        // Heard after the instant at which it is looked at whether they are, and before that is done.
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

    @Test func `is not healed by those who were forgotten`() {
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
