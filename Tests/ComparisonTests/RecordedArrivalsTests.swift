import Foundation
import PhiAccrual
import Testing

@testable import Comparison

@Suite struct `Recorded arrivals` {
    @Test func `are the fresh heartbeats of all nodes in order of arrival`() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).night.csv")
        defer { try? FileManager.default.removeItem(at: file) }
        let rows = ["a,7,,1000", "b,1,,1500", "a,8,,2000", "a,8,,2100", "b,4,,2500", "b,3,,2600", "a,9,,3500"]
        try (["node,seq,sent_ns,arrival_ns"] + rows).joined(separator: "\n").appending("\n")
            .write(to: file, atomically: false, encoding: .utf8)
        let recording = try RecordedArrivals(path: file.path)
        #expect(recording.name == file.lastPathComponent.prefix { $0 != "." })
        #expect(recording.nodes.map(\.name) == ["a", "b"])
        #expect(recording.nodes.map(\.arrivals) == [2, 1])
        #expect(recording.samples == 3)
        #expect(
            recording.heartbeats == [
                RecordedHeartbeat(node: 0, arrival: nil), RecordedHeartbeat(node: 1, arrival: nil),
                RecordedHeartbeat(node: 0, arrival: Arrival(gap: 1000, step: 1)),
                RecordedHeartbeat(node: 1, arrival: Arrival(gap: 1000, step: 3)),
                RecordedHeartbeat(node: 0, arrival: Arrival(gap: 1500, step: 1)),
            ])
        #expect(recording.nodes[0].interval == 1250)
        #expect(abs(recording.nodes[1].interval - 1000.0 / 3) < 1e-9)
        #expect(
            recording.arrivalsByNode == [
                [Arrival(gap: 1000, step: 1), Arrival(gap: 1500, step: 1)], [Arrival(gap: 1000, step: 3)],
            ])
    }
}

extension RecordedArrivals {
    /// Nodes with the given numbers of arrivals, at an interval of one second, that take turns until their arrivals
    /// end.
    static func taking(turns counts: [Int], name: String = "made up") -> RecordedArrivals {
        var recording = RecordedArrivals(name: name, nodes: counts.indices.map { "node-\($0)" })
        for sequence in 0...(counts.max() ?? 0) {
            for (node, count) in counts.enumerated() where sequence <= count {
                recording.append(Int64(sequence), at: Int64(sequence) * 1_000_000_000 + Int64(node), node: node)
            }
        }
        return recording
    }
}
