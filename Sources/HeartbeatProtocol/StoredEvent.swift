import PhiAccrual

/// An event with its number: what the event log keeps, the state store stores and restores, and subscribers receive.
///
/// The JSON is the event. Its bytes never change after the event got its number; `EventMessage.init(_:)` parses them.
/// Incarnation, verdict, and time are copied from it, so that neither storing events nor restoring the verdicts of all
/// nodes parses JSON.
public struct StoredEvent: Hashable, Sendable {
    /// Counts from 1, without gaps.
    public var sequence: UInt64
    public var topic: FeedTopic
    /// The exact bytes published.
    public var json: [UInt8]
    /// When it happened, in Unix nanoseconds.
    public var at: Int64
    /// 0 for an event that is not a transition.
    public var incarnation: UInt32
    /// The verdict that a transition led to; nil for other events.
    public var verdict: Verdict?

    public init(
        sequence: UInt64, topic: FeedTopic, incarnation: UInt32 = 0, verdict: Verdict? = nil, at: Int64, json: [UInt8]
    ) {
        (self.sequence, self.topic, self.json, self.at) = (sequence, topic, json, at)
        (self.incarnation, self.verdict) = (incarnation, verdict)
    }

    public init(_ message: EventMessage) {
        let place = message.place
        self.init(
            sequence: place.sequence, topic: message.topic, at: place.at.unixNanoseconds, json: message.json)
        if case .transition(let transition) = message {
            (incarnation, verdict) = (transition.incarnation, transition.to)
        }
    }
}

extension EventMessage {
    /// - Throws: `DecodingError` if the event's JSON is not of this version.
    public init(_ event: StoredEvent) throws { self = try WireJSON.decode(EventMessage.self, from: event.json) }
}
