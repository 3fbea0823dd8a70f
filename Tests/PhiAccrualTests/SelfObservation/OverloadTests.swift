import Testing

@testable import PhiAccrual

@Suite struct `An overload` {
    private static func at(_ seconds: Int64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }

    @Test func `begins when a second was not enough, and is reported once`() {
        var overload = Overload()
        #expect(overload.change(incompleteFor: .seconds(1), at: Self.at(100)) == nil)
        #expect(overload.change(incompleteFor: .milliseconds(1001), at: Self.at(101)) == .begins)
        #expect(overload.change(incompleteFor: .seconds(2), at: Self.at(102)) == nil)
    }

    @Test func `ends when nothing was late for ten seconds`() {
        var overload = Overload()
        _ = overload.change(incompleteFor: .seconds(2), at: Self.at(100))
        #expect(overload.change(incompleteFor: .zero, at: Self.at(109)) == nil)
        // Once more behind, at the border: it is the same one.
        #expect(overload.change(incompleteFor: .seconds(2), at: Self.at(110)) == nil)
        #expect(overload.change(incompleteFor: .zero, at: Self.at(119)) == nil)
        #expect(overload.change(incompleteFor: .zero, at: Self.at(120)) == .ends(.seconds(12)))
        #expect(overload.change(incompleteFor: .zero, at: Self.at(130)) == nil)
        #expect(overload.change(incompleteFor: .seconds(2), at: Self.at(140)) == .begins)
    }

    @Test func `does not end without a poll`() {
        var overload = Overload()
        _ = overload.change(incompleteFor: .seconds(2), at: Self.at(100))
        overload.notePause(until: Self.at(130))
        #expect(overload.change(incompleteFor: .zero, at: Self.at(131)) == nil)
        #expect(overload.change(incompleteFor: .zero, at: Self.at(140)) == .ends(.seconds(32)))
    }
}
