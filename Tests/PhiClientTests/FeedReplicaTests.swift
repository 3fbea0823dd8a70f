import PhiClient
import Testing

@Suite struct `A feed replica` {
    @Test func `starts with the current state and then follows the feed`() throws {
        let service = FakeService(events: 1...5)
        var replica = FeedReplica()
        #expect(replica.query == nil)
        replica.receiveBeacon(epoch: 7, sequence: 5)
        #expect(replica.query == .init(action: "snapshot", since: 0, epoch: 7))
        service.answer(&replica)
        #expect(replica.query == nil)
        #expect(replica.dequeueDeliveries() == (1...5).map(delivery) + [.live(epoch: 7, sequence: 5)])
        replica.receive(event(6), epoch: 7)
        #expect(replica.dequeueDeliveries() == [delivery(6)])
    }

    @Test func `delivers events received during a fetch once and in order`() throws {
        var service = FakeService(events: 1...5)
        var replica = FeedReplica()
        replica.receive(event(5), epoch: 7)
        service.append(6)
        replica.receive(event(6), epoch: 7)
        service.answer(&replica)
        service.append(7)
        replica.receive(event(7), epoch: 7)
        while replica.query != nil { service.answer(&replica) }
        #expect(replica.dequeueDeliveries().filter(\.isEvent) == (1...7).map(delivery))
    }

    @Test func `discards events that it already delivered`() {
        var replica = live(at: 5)
        replica.receive(event(4), epoch: 7)
        replica.receive(event(5), epoch: 7)
        #expect(replica.dequeueDeliveries().isEmpty)
        #expect(replica.query == nil)
    }

    @Test func `detects a gap by the next event and repairs it`() {
        var replica = live(at: 5)
        replica.receive(event(8), epoch: 7)
        #expect(replica.dequeueDeliveries().isEmpty)
        #expect(replica.query == .init(action: "events", since: 5, epoch: 7))
        replica.receive(event(9), epoch: 7)
        replica.receiveAnswer(
            epoch: 7, through: 8, more: false, events: [event(6), event(7), event(8)],
            to: .init(action: "events", since: 5, epoch: 7))
        #expect(replica.dequeueDeliveries() == (6...9).map(delivery) + [.live(epoch: 7, sequence: 9)])
        #expect(replica.query == nil)
    }

    @Test func `detects lost final events by the beacon`() {
        var replica = live(at: 5)
        replica.receiveBeacon(epoch: 7, sequence: 5)
        #expect(replica.query == nil)
        replica.receiveBeacon(epoch: 7, sequence: 6)
        #expect(replica.query == .init(action: "events", since: 5, epoch: 7))
    }

    @Test func `is not live while a newer beacon announces more events`() {
        var replica = live(at: 5)
        replica.receiveBeacon(epoch: 7, sequence: 6)
        let first = FeedReplica.Query(action: "events", since: 5, epoch: 7)
        replica.receiveBeacon(epoch: 7, sequence: 7)
        replica.receiveAnswer(epoch: 7, through: 6, more: false, events: [event(6)], to: first)
        #expect(replica.dequeueDeliveries() == [delivery(6)])
        #expect(replica.query == .init(action: "events", since: 6, epoch: 7))
    }

    @Test func `reads long answers page by page`() {
        var replica = FeedReplica(from: .beginning)
        replica.receiveBeacon(epoch: 7, sequence: 4)
        let first = FeedReplica.Query(action: "events", since: 0, epoch: 7)
        #expect(replica.query == first)
        replica.receiveAnswer(epoch: 7, through: 2, more: true, events: [event(1), event(2)], to: first)
        let second = FeedReplica.Query(action: "events", since: 2, epoch: 7)
        #expect(replica.query == second)
        replica.receiveAnswer(epoch: 7, through: 4, more: false, events: [event(3), event(4)], to: second)
        #expect(replica.dequeueDeliveries() == (1...4).map(delivery) + [.live(epoch: 7, sequence: 4)])
    }

    @Test func `ignores the answer to an outdated query`() {
        var replica = live(at: 5)
        replica.receiveAnswer(
            epoch: 7, through: 3, more: false, events: [event(2), event(3)],
            to: .init(action: "events", since: 1, epoch: 7))
        #expect(replica.dequeueDeliveries().isEmpty)
    }

    @Test func `reports a gap if events are gone, and continues from the state after them`() {
        var replica = live(at: 5)
        replica.receive(event(90), epoch: 7)
        let lost = FeedReplica.Query(action: "events", since: 5, epoch: 7)
        replica.receiveGone(lost)
        let state = FeedReplica.Query(action: "snapshot", since: 5, epoch: 7)
        #expect(replica.query == state)
        replica.receiveAnswer(epoch: 7, through: 90, more: false, events: [event(70), event(90)], to: state)
        #expect(
            replica.dequeueDeliveries() == [
                .gap(after: 5, epoch: 7), delivery(70), delivery(90), .live(epoch: 7, sequence: 90),
            ])
    }

    @Test func `checks the log after a beacon with a lower sequence, and continues if it is intact`() {
        var replica = live(at: 5)
        replica.receiveBeacon(epoch: 7, sequence: 4)
        let doubt = FeedReplica.Query(action: "events", since: 5, epoch: 7)
        #expect(replica.query == doubt)
        replica.receive(event(6), epoch: 7)
        #expect(replica.query == doubt)
        replica.receiveAnswer(epoch: 7, through: 6, more: false, events: [event(6)], to: doubt)
        #expect(replica.query == nil)
        #expect(replica.dequeueDeliveries() == [delivery(6), .live(epoch: 7, sequence: 6)])
    }

    @Test func `ignores a beacon that is older than an answer`() {
        var replica = FeedReplica(from: .beginning)
        replica.receiveBeacon(epoch: 7, sequence: 3)
        let first = FeedReplica.Query(action: "events", since: 0, epoch: 7)
        replica.receiveAnswer(epoch: 7, through: 5, more: false, events: (1...5).map(event), to: first)
        replica.receiveBeacon(epoch: 7, sequence: 4)
        #expect(replica.query == nil)
    }

    @Test func `checks the log if beacons still have a lower sequence after a fetch`() {
        var replica = live(at: 5)
        replica.receiveBeacon(epoch: 7, sequence: 8)
        let missing = FeedReplica.Query(action: "events", since: 5, epoch: 7)
        replica.receiveBeacon(epoch: 7, sequence: 6)
        replica.receiveAnswer(epoch: 7, through: 8, more: false, events: (6...8).map(event), to: missing)
        #expect(replica.query == nil)
        replica.receiveBeacon(epoch: 7, sequence: 6)
        #expect(replica.query == FeedReplica.Query(action: "events", since: 8, epoch: 7))
    }

    @Test func `reports a rollback if the log lost its end, and delivers the state again`() {
        var replica = live(at: 50)
        replica.receiveBeacon(epoch: 7, sequence: 30)
        let doubt = FeedReplica.Query(action: "events", since: 50, epoch: 7)
        #expect(replica.query == doubt)
        replica.receiveGone(doubt)
        let state = FeedReplica.Query(action: "snapshot", since: 50, epoch: 7)
        #expect(replica.query == state)
        replica.receiveAnswer(epoch: 7, through: 31, more: false, events: [], to: state)
        let whole = FeedReplica.Query(action: "snapshot", since: 0, epoch: 7)
        #expect(replica.query == whole)
        replica.receiveAnswer(epoch: 7, through: 32, more: false, events: [event(20), event(32)], to: whole)
        #expect(replica.query == nil)
        replica.receive(event(33), epoch: 7)
        #expect(
            replica.dequeueDeliveries() == [
                .rolledBack(to: 31, epoch: 7), delivery(20), delivery(32), .live(epoch: 7, sequence: 32), delivery(33),
            ])
    }

    @Test func `stops asking for announced events that are lost`() {
        var replica = live(at: 5)
        replica.receiveBeacon(epoch: 7, sequence: 8)
        replica.receive(event(9), epoch: 7)
        let lost = FeedReplica.Query(action: "events", since: 5, epoch: 7)
        // The service may have sent one such answer before the events existed.
        replica.receiveAnswer(epoch: 7, through: 5, more: false, events: [], to: lost)
        #expect(replica.query == lost)
        #expect(replica.dequeueDeliveries() == [])
        replica.receiveAnswer(epoch: 7, through: 5, more: false, events: [], to: lost)
        #expect(replica.query == nil)
        #expect(replica.dequeueDeliveries() == [.rolledBack(to: 5, epoch: 7), .live(epoch: 7, sequence: 5)])
        replica.receive(event(6), epoch: 7)
        #expect(replica.dequeueDeliveries() == [delivery(6)])
    }

    @Test(arguments: FeedReplica.Start.allCases) func `reads a new log from its beginning`(start: FeedReplica.Start) {
        var replica = live(at: 5, from: start)
        replica.receiveBeacon(epoch: 8, sequence: 2)
        let query = FeedReplica.Query(action: "events", since: 0, epoch: 8)
        #expect(replica.query == query)
        replica.receiveAnswer(epoch: 8, through: 2, more: false, events: [event(1), event(2)], to: query)
        #expect(replica.dequeueDeliveries() == [delivery(1), delivery(2), .live(epoch: 8, sequence: 2)])
    }

    @Test(arguments: FeedReplica.Start.allCases) func `accepts every possible sequence number`(start: FeedReplica.Start)
    {
        for sequence in [0, 1, .max - 1, .max] as [UInt64] {
            var replica = FeedReplica(from: start)
            for other in [0, 1, .max - 1, .max, 5] as [UInt64] {
                replica.receiveBeacon(epoch: 7, sequence: sequence)
                replica.receive(event(other), epoch: 7)
                if let query = replica.query {
                    replica.receiveAnswer(
                        epoch: 7, through: other, more: false, events: [event(sequence)], to: query)
                }
            }
            #expect(!replica.dequeueDeliveries().isEmpty)
        }
    }

    @Test func `can start with the next event`() {
        var replica = FeedReplica(from: .now)
        replica.receiveBeacon(epoch: 7, sequence: 41)
        #expect(replica.dequeueDeliveries() == [.live(epoch: 7, sequence: 41)])
        replica.receive(event(42), epoch: 7)
        #expect(replica.dequeueDeliveries() == [delivery(42)])
    }

    @Test(arguments: 0..<200 as Range<UInt64>) func `delivers every event in order despite losses`(seed: UInt64) {
        var random = Seeded(state: seed)
        var service = FakeService(events: 1...UInt64.random(in: 1...20, using: &random))
        var replica = FeedReplica(from: .beginning)
        var delivered: [FeedReplica.Delivery] = []
        for _ in 0..<300 {
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                service.append(service.last + 1)
                if Bool.random(using: &random) { replica.receive(event(service.last), epoch: 7) }
            case 1: replica.receiveBeacon(epoch: 7, sequence: service.last)
            default:
                if replica.query != nil { service.answer(&replica, pageSize: Int.random(in: 1...5, using: &random)) }
            }
            delivered += replica.dequeueDeliveries()
        }
        replica.receiveBeacon(epoch: 7, sequence: service.last)
        while replica.query != nil { service.answer(&replica) }
        delivered += replica.dequeueDeliveries()
        #expect(delivered.filter(\.isEvent) == (1...service.last).map(delivery))
    }
}

extension FeedReplica.Delivery {
    fileprivate var isEvent: Bool { if case .event = self { true } else { false } }
}

private func event(_ sequence: UInt64) -> FeedReplica.Event {
    .init(sequence: sequence, json: Array("\(sequence)".utf8))
}
private func delivery(_ sequence: UInt64) -> FeedReplica.Delivery { .event(event(sequence)) }

private func live(at sequence: UInt64, from start: FeedReplica.Start = .now) -> FeedReplica {
    var replica = FeedReplica(from: start)
    replica.receiveBeacon(epoch: 7, sequence: sequence)
    if let query = replica.query {
        replica.receiveAnswer(epoch: 7, through: sequence, more: false, events: [], to: query)
    }
    _ = replica.dequeueDeliveries()
    return replica
}

/// Answers like a service that keeps every event and gives each event its own topic.
private struct FakeService {
    var last: UInt64
    init(events: ClosedRange<UInt64>) { last = events.upperBound }
    mutating func append(_ sequence: UInt64) { last = sequence }

    func answer(_ replica: inout FeedReplica, pageSize: Int = 1000) {
        guard let query = replica.query else { return }
        let events = (query.since..<last).prefix(pageSize).map { event($0 + 1) }
        let through = events.last?.sequence ?? last
        replica.receiveAnswer(epoch: 7, through: through, more: through < last, events: events, to: query)
    }
}
