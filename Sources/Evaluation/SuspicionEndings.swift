import PhiAccrual

/// Counts mistakes (false suspicions) where only changes of verdict are known: it classifies how suspicions end.
///
/// A node that is heard again under the same incarnation was up, or cut off from the detector: the suspicion was a
/// mistake. A node that is heard under another incarnation was started anew. A node that is forgotten shows neither.
///
/// - Parameter Subject: Identifies a node at one level.
public struct SuspicionEndings<Subject: Hashable & Sendable>: Sendable {
    public private(set) var mistakes = 0
    public private(set) var restarts = 0
    /// Incarnations of the suspected nodes.
    private var suspected: [Subject: UInt32] = [:]

    public init() {}

    /// Applies one change of verdict. Those of one subject must be in order.
    public mutating func apply(_ verdict: Verdict, of subject: Subject, incarnation: UInt32) {
        if verdict == .suspected {
            suspected[subject] = incarnation
        } else if let before = suspected.removeValue(forKey: subject), verdict != .forgotten {
            if before == incarnation { mistakes += 1 } else { restarts += 1 }
        }
    }
}
