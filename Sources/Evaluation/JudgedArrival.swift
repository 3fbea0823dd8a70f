/// One fresh heartbeat with the φ and the deadlines of a detector: the only input of `QualityRecorder`.
///
/// Times are nanoseconds from any origin. A heartbeat is fresh if its sequence number is above all previous ones.
/// Out-of-order and duplicate heartbeats carry no new information and are left out.
public struct JudgedArrival: Hashable, Sendable {
    public var node: Int  // any number that identifies the node
    public var at: Int64  // ns; never decreases for one node
    public var step: Int64?  // sequence numbers since the node's previous fresh arrival: 1 if none was lost; nil: first
    public var delay: Int64?  // ns, arrival − sent; nil if the send time is unknown
    public var phi: Double?  // suspicion at this arrival, before it was applied; nil: undefined
    public var previousDeadline: Int64?  // ns; in force until now; nil: none, so the node could not be suspected
    public var deadline: Int64?  // ns; when the node is suspected without a further heartbeat; nil: not yet defined

    public init(
        node: Int, at: Int64, step: Int64?, delay: Int64?, phi: Double?, previousDeadline: Int64?, deadline: Int64?
    ) {
        (self.node, self.at, self.step, self.delay, self.phi) = (node, at, step, delay, phi)
        (self.previousDeadline, self.deadline) = (previousDeadline, deadline)
    }
}
