import Foundation
import PhiAccrual
import TestSupport
import Testing

/// Tests that take longer than an ordinary test may, or that gain from randomness and repetition. `tools/soak` runs one
/// of them, and lists them with the comments here. `tools/test --all` runs the short form of each, which takes at most
/// 20 s.
enum Soak: String, CaseIterable, Sendable {
    case cable  // pulls the cable between a detector and 200 nodes, and puts it back: once, or ten times for up to 20 s
    case groups  // freezes 20 groups of nodes that beat at very different intervals
    case kills  // kills a detector with persistent state again and again, in the middle of its work: 3 or 50 times
    case stops  // stops a detector of a thousand nodes: once, or many times for up to 30 s

    private static let environment = ProcessInfo.processInfo.environment
    /// Name of the soak that `tools/soak` runs; nil in a run of all tests.
    private static let only = environment["PHI_SOAK"]
    static let isFull = environment["PHI_SOAK_FULL"] != nil
    static let withoutRequest: Comment = "a soak: run tools/soak NAME, or its short form with tools/test --all"

    var isAskedFor: Bool { Self.only.map { $0 == rawValue } ?? SlowTestsOnRequest.areAllAskedFor }

    /// The source of random numbers. It prints its seed; `tools/soak --seed` sets it.
    func random() throws -> SplitMix64 {
        let given = try Self.environment["PHI_SOAK_SEED"].map {
            try #require(UInt64($0), "a seed is a whole number of at least 0, not \"\($0)\"")
        }
        let seed = given ?? UInt64.random(in: 0...999_999)
        print("soak \(rawValue), \(Self.isFull ? "full" : "short") form: --seed \(seed)")
        return SplitMix64(seed: seed)
    }
}

extension Soak {
    /// Enables the test if this soak was requested.
    var trait: ConditionTrait { .enabled(if: isAskedFor, Self.withoutRequest) }
}
