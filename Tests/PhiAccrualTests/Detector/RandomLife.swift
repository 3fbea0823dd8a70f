import PhiAccrual
import TestSupport

/// Random lives of some nodes: they start, stop, lose heartbeats, restart, say goodbye, and are impersonated.
///
/// The sequence is what an observer receives: announcements and heartbeats in order of arrival.
struct RandomLife: Sequence, IteratorProtocol {
    enum Input {
        case announced(String)
        case heard(Heartbeat)
        /// Nothing arrived; the detector checks its deadlines.
        case idle
    }
    struct Step {
        var now: Int64
        var input: Input
    }

    private struct Sender {
        var name: String
        var interval: Int64
        var incarnation: UInt32 = 1000
        var sequence: UInt32 = 0
        var isUp = true
        /// Last sequence number of another node with the same name and an older incarnation.
        var twinSequence: UInt32 = 0

        func heartbeat(isLeaving: Bool = false, sent: Int64) -> Heartbeat {
            Heartbeat(
                key: .named(name), incarnation: incarnation, sequence: sequence, sent: sent,
                announcedInterval: interval,
                isLeaving: isLeaving)
        }
    }
    private var random: SplitMix64
    private var senders: [Sender]
    private var now: Int64 = 0
    private var remaining: Int

    init(seed: UInt64, nodes: Int, steps: Int) {
        var random = SplitMix64(seed: seed)
        senders = (0..<nodes).map { node in
            // A third of the nodes announce no interval.
            Sender(
                name: "\(node)",
                interval: node % 3 == 2 ? 0 : .random(in: .milliseconds(50)...(.seconds(2)), using: &random))
        }
        self.random = random
        remaining = steps
    }

    mutating func next() -> Step? {
        guard remaining > 0 else { return nil }
        remaining -= 1
        pass()
        let index = Int.random(in: senders.indices, using: &random)
        var sender = senders[index]
        defer { senders[index] = sender }
        return Step(now: now, input: input(to: &sender))
    }

    /// Advances the time. Usually each node takes a step about once a second; sometimes two steps share an instant, and
    /// sometimes there is a long silence.
    private mutating func pass() {
        if random.chance(0.1) { return }
        let usual = Int64.seconds(1) / Int64(senders.count)
        now += .random(in: 1...(random.chance(0.01) ? 100 * .seconds(1) : 2 * usual), using: &random)
    }

    private mutating func input(to sender: inout Sender) -> Input {
        switch Double.random(in: 0..<1, using: &random) {
        case ..<0.75:
            guard sender.isUp else { return .idle }
            sender.sequence &+= random.chance(0.05) ? .random(in: 2...20, using: &random) : 1
            return .heard(sender.heartbeat(sent: now - .random(in: 0...1_000_000, using: &random)))
        case ..<0.80:
            var twin = sender
            sender.twinSequence &+= 1
            (twin.incarnation, twin.sequence) = (500, sender.twinSequence)
            return .heard(twin.heartbeat(sent: now))
        case ..<0.83: sender.isUp.toggle()
        case ..<0.86:
            (sender.incarnation, sender.sequence, sender.isUp) = (sender.incarnation + 1, 0, true)
            return .heard(sender.heartbeat(sent: 0))
        case ..<0.87: sender.incarnation -= 1  // its clock was set back
        case ..<0.88: sender.sequence = 0  // restarted twice within one second
        case ..<0.89: sender.sequence &+= .random(in: 1_000_000...(1 << 31), using: &random)
        case ..<0.91:
            var impostor = sender
            impostor.incarnation -= .random(in: 0...2, using: &random)
            impostor.sequence &-= .random(in: 0...1000, using: &random)
            return .heard(impostor.heartbeat(sent: now))
        case ..<0.93:
            var delayed = sender
            delayed.sequence &-= .random(in: 0...3, using: &random)
            return .heard(delayed.heartbeat(sent: now))
        case ..<0.95:
            sender.sequence &+= 1
            sender.isUp = random.chance(0.5)
            return .heard(sender.heartbeat(isLeaving: true, sent: now))
        case ..<0.97: return .announced(sender.name)
        default: break
        }
        return .idle
    }
}

extension Watch {
    /// Applies the step, after it has handled each earlier deadline at its exact instant.
    mutating func live(_ step: RandomLife.Step) -> [Event] {
        advanceIdeally(before: step.now)
        var emitted = events
        switch step.input {
        case .announced(let name): announce(name, at: step.now)
        case .heard(let heartbeat): receive(heartbeat, at: step.now)
        case .idle: advance(to: step.now)
        }
        emitted += events
        return emitted
    }
}
