import Foundation
import PhiAccrual
import TestSupport
import Testing

/// Checks `Models/Lifecycle/transitions.txt`, the authoritative table.
@Suite struct `The table of transitions` {
    struct Change: Hashable, CustomStringConvertible {
        var from: Verdict
        var to: Verdict
        var description: String { "\(from) \(to)" }
    }
    private func table() throws -> [Change] {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../Models/Lifecycle/transitions.txt")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").compactMap { line in
            let words = line.prefix { $0 != "#" }.split(separator: " ")
            guard !words.isEmpty else { return nil }
            try #require(words.count == 2, "\(line)")
            return Change(
                from: try #require(Verdict(rawValue: String(words[0]))),
                to: try #require(Verdict(rawValue: String(words[1]))))
        }
    }

    @Test func `lists each transition once, and random lives take exactly these`() throws {
        let table = try table()
        #expect(Set(table).count == table.count)
        var taken: Set<Change> = []
        for seed in 0..<30 as Range<UInt64> {
            let retention: Int64? = [.seconds(1), .seconds(20), .seconds(600)][Int(seed % 3)]
            var watch = Watch(levels: .three, model: .init(window: 20), retention: retention)
            for step in RandomLife(seed: seed, nodes: 5, steps: 2000) {
                for case .transition(let transition) in watch.live(step) {
                    taken.insert(Change(from: transition.from, to: transition.to))
                }
            }
        }
        #expect(taken.subtracting(table).isEmpty, "taken, and not in the table")
        #expect(Set(table).subtracting(taken).isEmpty, "in the table, and never taken")
    }

    /// Requests, policies, holds, damping, and restarts cause no other transition, and no event is skipped.
    @Test(arguments: 0..<30 as Range<UInt64>)
    func `covers all random requests, and each change begins where the last one ended`(seed: UInt64) throws {
        let table = Set(try table())
        var requests = RandomRequests(seed: seed)
        var watch = requests.watch()
        var last: [String: [Verdict]] = [:]
        func note(_ events: [Event]) {
            for case .transition(let change) in events {
                #expect(table.contains(Change(from: change.from, to: change.to)), "\(change)")
                var levels = last[change.node.name] ?? Array(repeating: .new, count: watch.detector.levels.count)
                #expect(levels[change.level] == change.from, "\(change)")
                levels[change.level] = change.to == .forgotten ? .new : change.to
                last[change.node.name] = levels
            }
        }
        for step in RandomLife(seed: seed, nodes: 6, steps: 2000) {
            note(watch.live(step))
            note(try requests.give(to: &watch, emitted: last, at: step.now))
        }
        #expect(last.count == 6)
    }
}
