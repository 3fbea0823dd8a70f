import BinaryCoding

/// The last arrivals of one incarnation of a node, with their sequence numbers: the data of Chen's estimate.
///
/// Everything is counted back from the newest arrival, in whole numbers: no clock, no drift, constant work per
/// heartbeat.
struct ScheduledArrivals: Sendable {
    private(set) var count = 0  // arrivals
    private let capacity: Int
    private var between: [(gap: Int64, step: Int64)] = []  // a ring; from each arrival to the next one
    private var oldest = 0  // index in the ring, once it is full
    // `span` is the distance from the oldest arrival to the newest. `sum` is the sum over all arrivals of their
    // distance to the newest. They are at most 10⁵ · 2⁵⁴ < 2⁷¹ and 10¹⁰ · 2⁵⁴ < 2⁸⁸.
    private var span: (gap: Int128, step: Int128) = (0, 0)
    private var sum: (gap: Int128, step: Int128) = (0, 0)

    init(capacity: Int) {
        precondition((1...ArrivalWindow.capacities.upperBound).contains(capacity), "the sums have a limit")
        self.capacity = capacity
    }

    /// Starts a new schedule with one arrival. Earlier arrivals belong to another schedule.
    mutating func restart() {
        between.removeAll(keepingCapacity: true)
        (count, oldest, span, sum) = (1, 0, (0, 0), (0, 0))
    }

    mutating func insert(_ arrival: Arrival) {
        if count == 0 { restart() }
        let entering = arrival.bounded
        var leaving: (gap: Int64, step: Int64) = (0, 0)
        if count == capacity {
            sum = (sum.gap - span.gap, sum.step - span.step)
            count -= 1
            if count > 0 {
                leaving = between[oldest]
                between[oldest] = entering
                oldest = oldest + 1 == between.count ? 0 : oldest + 1
            }
        } else {
            between.append(entering)
        }
        sum.gap += Int128(entering.gap) * Int128(count)
        sum.step += Int128(entering.step) * Int128(count)
        if count > 0 {
            span.gap += Int128(entering.gap - leaving.gap)
            span.step += Int128(entering.step - leaving.step)
        }
        count += 1
    }

    /// Chen's estimate EA of the arrival `steps` sequence numbers after the newest one, in nanoseconds after the
    /// newest: the mean over the window of Aᵢ − η·sᵢ, plus η times its sequence number.
    func expected(after steps: Int64, interval: (time: Int128, steps: Int128)) -> Double {
        let numbers = Int128(steps) * Int128(count) + sum.step
        let denominator = interval.steps * Int128(count)
        let due = interval.time.double * numbers.double
        let ago = interval.steps.double * sum.gap.double
        let quotient = (due - ago) / denominator.double
        // A perfect schedule should give a perfect expectation, so integer arithmetic restores what rounding lost,
        // unless the integers do not fit.
        guard due < 0x1p120, ago < 0x1p120, quotient.magnitude < 0x1p62 else { return quotient }
        let whole = Int64(quotient)
        let part = interval.time &* numbers &- interval.steps &* sum.gap &- Int128(whole) &* denominator
        return Double(whole) + part.double / denominator.double
    }
}

extension Arrival {
    /// A larger step counts as this one: there are no more sequence numbers.
    static let maxStep: Int64 = 1 << 32

    /// Gap and step, limited so that sums fit: the gap as in `ArrivalWindow`.
    var bounded: (gap: Int64, step: Int64) {
        (min(max(0, gap), ArrivalWindow.maxGap), min(max(1, step), Self.maxStep))
    }
}

/// The expected arrival of the next heartbeat of a periodic sender, from the sequence numbers of its last ones.
///
/// Source: Chen, Toueg and Aguilera, “On the quality of service of failure detectors”, IEEE Transactions on Computers
/// 51(5), 2002, algorithm NFD-E, which replaces the synchronised clocks of NFD-S by this estimate.
struct ExpectedArrival: Sendable {
    private var arrivals: ScheduledArrivals
    private var interval: SendingInterval
    /// Expected time from the newest arrival to the next one; nil while no interval is known.
    private(set) var timeout: Double?  // ns

    init(window: Int, interval: Duration?) {
        arrivals = ScheduledArrivals(capacity: window)
        self.interval = SendingInterval(given: interval)
    }

    mutating func begin(announcedInterval: Int64) {
        interval.begin(announcedInterval: announcedInterval)
        arrivals.restart()
        timeout = timeoutIfNothingIsLost
    }
    mutating func observe(_ arrival: Arrival) {
        interval.observe(arrival)
        arrivals.insert(arrival)
        timeout = timeoutIfNothingIsLost
    }
    private var timeoutIfNothingIsLost: Double? { timeout(steps: 1) }

    /// Expected time from the newest arrival to the one `steps` sequence numbers later, in nanoseconds.
    /// - Parameter steps: At most `Arrival.maxStep`.
    func timeout(steps: Int64) -> Double? {
        interval.ratio.map { arrivals.expected(after: steps, interval: $0) }
    }

    /// Number of gaps in the window.
    var samples: Int { max(0, arrivals.count - 1) }
}

// MARK: Stored state

// Window sizes and given intervals are parameters, so they are not stored.
extension ScheduledArrivals {
    func write(to writer: inout BinaryWriter) {
        writer.write(UInt32(count))
        for (gap, step) in between[oldest...] + between[..<oldest] {
            writer.write(gap)
            writer.write(step)
        }
    }

    init(capacity: Int, from reader: inout BinaryReader) throws(CorruptData) {
        self.init(capacity: capacity)
        let arrivals = try reader.integer(UInt32.self, in: 0...UInt32(capacity))
        guard arrivals > 0 else { return }
        restart()
        for _ in 1..<arrivals {
            let gap = try reader.integer(in: 0...ArrivalWindow.maxGap)
            insert(Arrival(gap: gap, step: try reader.integer(in: 1...Arrival.maxStep)))
        }
    }
}

extension ExpectedArrival {
    func write(to writer: inout BinaryWriter) {
        arrivals.write(to: &writer)
        interval.write(to: &writer)
    }

    init(window: Int, interval: Duration?, from reader: inout BinaryReader) throws(CorruptData) {
        arrivals = try ScheduledArrivals(capacity: window, from: &reader)
        self.interval = try SendingInterval(given: interval, from: &reader)
        timeout = arrivals.count > 0 ? timeoutIfNothingIsLost : nil
    }
}
