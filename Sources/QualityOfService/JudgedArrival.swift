/// One fresh heartbeat as a detector judged it: the only thing that its quality is measured by.
///
/// Times are nanoseconds from any zero. A heartbeat is fresh if its sequence number is above all before it; late and
/// repeated ones teach a detector nothing new and are left out.
public struct JudgedArrival: Hashable, Sendable {
    public var node: Int  // any number that tells nodes apart
    public var at: Int64  // ns; of one node never falling
    public var step: Int64?  // sequence numbers since the node's previous fresh arrival: 1 if none was lost; nil: first
    public var delay: Int64?  // ns, arrival − sent; nil if the send time is unknown
    public var phi: Double?  // suspicion reached at the instant this heartbeat was taken; nil: undefined
    public var previousDeadline: Int64?  // ns; in force until now; nil: none, nothing could be suspected
    public var deadline: Int64?  // ns; when the node is suspected if nothing more comes; nil: not yet defined

    public init(
        node: Int, at: Int64, step: Int64?, delay: Int64?, phi: Double?, previousDeadline: Int64?, deadline: Int64?
    ) {
        (self.node, self.at, self.step, self.delay, self.phi) = (node, at, step, delay, phi)
        (self.previousDeadline, self.deadline) = (previousDeadline, deadline)
    }
}
