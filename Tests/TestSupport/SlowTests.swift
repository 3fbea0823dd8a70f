import Foundation
import Testing

extension Tag {
    /// Takes seconds rather than milliseconds, and repeats in the whole system what faster tests check in parts.
    /// `tools/test` skips such a test; `tools/test --all` runs it. The test's suite needs the trait `slowTestsOnRequest`.
    @Tag public static var slow: Tag
}

/// Skips the tests of a suite that are tagged `slow`, unless all tests are asked for.
public struct SlowTestsOnRequest: SuiteTrait, TestTrait {
    /// `tools/test --all` sets it.
    public static let variable = "PHI_ALL_TESTS"
    public static let areAllAskedFor = ProcessInfo.processInfo.environment[variable] != nil

    public var isRecursive: Bool { true }

    public func prepare(for test: Test) async throws {
        guard test.tags.contains(.slow) else { return }
        try await ConditionTrait.enabled(if: Self.areAllAskedFor, "slow: run tools/test --all").prepare(for: test)
    }
}

extension Trait where Self == SlowTestsOnRequest {
    public static var slowTestsOnRequest: Self { Self() }
}

/// Seeds for a test that takes long with many of them: all with `tools/test --all`, and else only the first ones.
public func seeds(_ all: UInt64, quickly few: UInt64) -> Range<UInt64> {
    0..<(SlowTestsOnRequest.areAllAskedFor ? all : few)
}
