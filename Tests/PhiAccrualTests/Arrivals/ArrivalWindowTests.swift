import PhiAccrual
import TestSupport
import Testing

@Suite struct `An arrival window` {
    /// Mean and variance of integers from their exact sums, computed from scratch.
    private func recomputed(_ gaps: some Collection<Int64>) -> (mean: Double, variance: Double) {
        let count = Int128(gaps.count)
        let sum = gaps.reduce(Int128(0)) { $0 + Int128($1) }
        // n·Σx² − (Σx)² is n² times the variance; it fits at these sizes.
        let squares = gaps.reduce(Int128(0)) { $0 + Int128($1) * Int128($1) }
        return (Double(sum) / Double(count), Double(count * squares - sum * sum) / Double(count * count))
    }
    private func isClose(_ a: Double?, _ b: Double, _ tolerance: Double = 1e-12) -> Bool {
        a.map { abs($0 - b) <= tolerance * max(1, abs(b)) } ?? false
    }

    @Test(arguments: [2, 1000]) func `is exact after ten million gaps`(capacity: Int) {
        var random = SplitMix64(seed: UInt64(capacity))
        var window = ArrivalWindow(capacity: capacity)
        var last: [Int64] = []
        // Outages of a day among gaps of milliseconds: a running sum of doubles would end whole seconds off.
        for number in 0..<10_000_000 {
            let gap = number % 1000 == 0 ? Int64.days(1) : Int64(truncatingIfNeeded: random.next() >> 40)
            window.insert(gap)
            if number >= 10_000_000 - capacity { last.append(gap) }
        }
        let (mean, variance) = recomputed(last)
        #expect(window.count == capacity)
        #expect(isClose(window.mean, mean))
        #expect(isClose(window.variance, variance))
        // Once the outages leave the window, no trace of them remains.
        for _ in 0..<capacity { window.insert(7) }
        #expect(window.mean == 7)
        #expect(window.variance == 0)
    }
    @Test func `drops the oldest gap first`() {
        var window = ArrivalWindow(capacity: 3)
        #expect(window.mean == nil)
        #expect(window.variance == nil)
        let means = ([1, 2, 6, 10, 11] as [Int64]).map { gap in
            window.insert(gap)
            return window.mean
        }
        #expect(means == [1, 1.5, 3, 6, 9])
        #expect(window.count == 3)
    }
    @Test(arguments: [0, 1, .milliseconds(100), .seconds(1) + 1, .hours(1), ArrivalWindow.maxGap])
    func `of equal gaps has a variance of 0`(gap: Int64) {
        var window = ArrivalWindow(capacity: 100)
        for _ in 0..<250 {
            window.insert(gap)
            #expect(window.variance == 0)
            #expect(window.mean == Double(gap))
        }
    }
    @Test(arguments: 0..<50 as Range<UInt64>) func `never has a negative or wrong variance`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var window = ArrivalWindow(capacity: Int.random(in: 2...50, using: &random))
        // In doubles, Σx² − (Σx)²/n fails for large gaps that differ by a few nanoseconds.
        let center = random.anyMagnitude() >> 18
        var gaps: [Int64] = []
        for _ in 0..<200 {
            let gap = center + Int64.random(in: 0...5, using: &random)
            gaps.append(gap)
            window.insert(gap)
            let expected = recomputed(gaps.suffix(window.count)).variance
            #expect(isClose(window.variance, expected, 1e-9))
            #expect(window.variance ?? -1 >= 0)
        }
    }
    @Test func `clamps gaps of any size to its range`() {
        var window = ArrivalWindow(capacity: 4)
        for gap in [Int64.max, .min, -1, 0] { window.insert(gap) }
        let longest = Double(ArrivalWindow.maxGap)
        #expect(window.mean == longest / 4)
        #expect(window.variance == longest * longest * 3 / 16)
        for gap in [Int64.min, -5, 0, 0] { window.insert(gap) }
        #expect(window.mean == 0)
        #expect(window.variance == 0)
    }
    @Test func `of the maximum capacity is exact with the maximum gaps`() {
        var window = ArrivalWindow(capacity: ArrivalWindow.capacities.upperBound)
        for number in 0..<ArrivalWindow.capacities.upperBound { window.insert(number % 2 == 0 ? .max : 0) }
        let half = Double(ArrivalWindow.maxGap) / 2
        #expect(window.mean == half)
        #expect(isClose(window.variance, half * half))
    }
    @Test func `of an invalid capacity traps`() async {
        await #expect(processExitsWith: .failure) { _ = ArrivalWindow(capacity: 1) }
        await #expect(processExitsWith: .failure) { _ = ArrivalWindow(capacity: 100_001) }
    }
}
