import PhiAccrual
import TestSupport
import Testing

@Suite struct `Statuses page by page` {
    private func pages(_ watch: Watch, of limit: Int) -> [[NodeStatus]] {
        var pages: [[NodeStatus]] = []
        var cursor: Int? = 0
        while let from = cursor, pages.count < 10_000 {
            let (page, next) = watch.detector.statuses(from: from, limit: limit, at: Instant(nanoseconds: 0))
            pages.append(page)
            cursor = next
        }
        return pages
    }
    @Test(arguments: [1, 7, 99, 100, 101, 1000]) func `contain each node once`(limit: Int) {
        var watch = Watch()
        for node in 0..<100 { watch.announce("\(node)", at: 0) }
        let pages = pages(watch, of: limit)
        #expect(pages.allSatisfy { $0.count <= limit })
        #expect(Set(pages.joined().compactMap(\.identity?.name)) == Set((0..<100).map { "\($0)" }))
        #expect(pages.joined().count == 100)
    }
    @Test(arguments: 0..<20 as Range<UInt64>) func `contain lasting nodes once while others come and go`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var watch = Watch(retention: .seconds(10))
        for node in 0..<100 { watch.trust("\(node)", afterHeartbeats: 1, every: .seconds(1), from: 0) }
        let staying = Set((0..<100).filter { $0 % 3 == 0 }.map { "\($0)" })
        var (met, cursor): ([String], Int?) = ([], 0)
        var now: Int64 = 0
        while let from = cursor {
            let (page, next) = watch.detector.statuses(from: from, limit: 9, at: Instant(nanoseconds: now))
            met += page.compactMap(\.identity?.name)
            cursor = next
            now += .seconds(6)
            for name in staying { watch.receive(name, UInt32(now / .seconds(6)), at: now) }
            watch.advance(to: now)
            for _ in 0..<Int.random(in: 0..<10, using: &random) {
                watch.trust("late-\(random.next())", afterHeartbeats: 1, from: now)
            }
        }
        for name in staying { #expect(met.count { $0 == name } == 1) }
        #expect(Set(met).count == met.count)
    }
    @Test func `contain a node once that returned to another slot`() {
        var watch = Watch(retention: .seconds(10))
        for name in ["a", "b"] { watch.trust(name, afterHeartbeats: 3) }
        watch.advance(to: .hours(1))
        watch.trust("a", afterHeartbeats: 3, from: .hours(1))
        #expect(pages(watch, of: 10).joined().map(\.identity?.name) == ["a"])
    }
    @Test func `of a detector without nodes are empty`() {
        let (page, next) = Watch().detector.statuses(from: 0, limit: 10, at: Instant(nanoseconds: 0))
        #expect(page.isEmpty && next == nil)
    }
    @Test(arguments: [-1, .min, 1, 100, .max]) func `accept any cursor`(cursor: Int) {
        let (page, next) = Watch.trusting("a").detector.statuses(from: cursor, limit: 10, at: Instant(nanoseconds: 0))
        #expect(page.count == (cursor <= 0 ? 1 : 0))
        #expect(next == nil)
    }
}

@Suite struct `A status` {
    @Test func `has what is known about a node`() throws {
        var watch = Watch.trusting("a", levels: .three)
        watch.receive("a", 100, at: .seconds(10))
        watch.receive("a", 100, at: .seconds(10))
        let status = try #require(watch.status("a", at: .milliseconds(10_100)))
        #expect(status.key == .named("a"))
        #expect(status.identity?.description == "lab/a")
        #expect(status.incarnation == 1)
        #expect(status.sequence == 100)
        #expect(status.lastArrival == Instant(nanoseconds: .seconds(10)))
        #expect(status.expected == .milliseconds(100))
        #expect(status.discarded == 1)
        #expect(status.samples == 100)
        #expect(status.levels.map(\.verdict) == [.trusted, .trusted, .trusted])
        #expect(status.levels.map(\.deadline?.nanoseconds) == (0..<3).map { watch.deadline("a", level: $0) })
        for level in status.levels {
            #expect(try #require(level.deadline) == Instant(nanoseconds: .seconds(10) + (try #require(level.timeout))))
        }
        // After exactly one mean gap, half of all gaps are longer.
        #expect(abs(try #require(status.phi) - 0.30103) < 1e-5)
    }
    @Test func `of a node not heard yet has only its verdict`() throws {
        var watch = Watch()
        watch.announce("a", at: 0)
        let status = try #require(watch.status("a", at: .days(1)))
        #expect(status.sequence == nil && status.lastArrival == nil && status.phi == nil && status.expected == nil)
        #expect(status.levels.map(\.verdict) == [.new])
        #expect(status.levels.allSatisfy { $0.deadline == nil && $0.timeout == nil })
    }
    @Test func `of an unknown node is nil`() {
        let watch = Watch.trusting("a")
        #expect(watch.status("b") == nil)
        #expect(watch.phi("b", at: 0) == nil)
        #expect(watch.deadline("b") == nil)
    }
}

@Suite struct `The next deadline` {
    @Test(arguments: 0..<20 as Range<UInt64>) func `is never after the first change, and is reached in a few steps`(
        seed: UInt64
    ) throws {
        var random = SplitMix64(seed: seed)
        var watch = Watch(levels: .three, retention: .days(7))
        for node in 0..<20 {
            watch.trust(
                "\(node)", afterHeartbeats: 5, every: .random(in: .milliseconds(1)...(.hours(1)), using: &random))
        }
        var idle = 0
        while let next = watch.detector.nextDeadline?.nanoseconds {
            let first = try #require(firstDeadline(watch))
            #expect(next <= first)
            let emitted = watch.advance(to: next)
            idle = emitted.isEmpty ? idle + 1 : 0
            #expect(emitted.isEmpty == (next < first))
            try #require(idle <= 20 * 12, "each node's entry moves down six wheels at most, twice")
        }
        #expect(watch.detector.nodeCount == 0)
    }
    /// The first instant at which some node changes, found by a search over all nodes.
    private func firstDeadline(_ watch: Watch) -> Int64? {
        watch.detector.statuses(from: 0, limit: .max, at: Instant(nanoseconds: 0)).page.flatMap { status in
            [status.lastArrival.map { $0.nanoseconds + .days(7) }]
                + status.levels.filter { $0.verdict != .suspected }.map { $0.deadline?.nanoseconds }
        }.compactMap(\.self).min()
    }
}
