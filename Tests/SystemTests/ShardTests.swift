import Configuration
import Foundation
import HeartbeatProtocol
import PhiAccrual
import TestSupport
import Testing

extension SystemTests {
    @Suite struct `Detectors with one shard each` {
        @Test(.tags(.slow)) func `watch every node once, and forget nodes that moved to another shard`() async throws {
            try await TestBed.run { bed in
                let state = ["--state", bed.path("state")]
                let first = try await bed.detector(["--shard", "1/2"], model: "normal,floor=1")
                let second = try await bed.detector(["--shard", "2/2"] + state, model: "normal,floor=1")
                let watches = try await [bed.watch(first), bed.watch(second)]
                try bed.phi(
                    "swarm", "--to", first.heartbeats, "--to", second.heartbeats, "--nodes", "60", "--for", "5m")
                var trusted: [Set<String>] = []
                let keys = try Dictionary(
                    uniqueKeysWithValues: (1...60).map {
                        ("node-\($0)", NodeKey(of: try NodeIdentity(group: "swarm", name: "node-\($0)")))
                    })
                for (number, watch) in watches.enumerated() {
                    let shard = try Shard(parsing: "\(number + 1)/2")
                    let count = keys.values.count(where: shard.contains)
                    let events = try await watch.events("trust", count: count) { $0.transition?.to == .trusted }
                    let nodes = Set(events.compactMap { $0.transition?.node })
                    #expect(count > 10 && nodes == Set(keys.filter { shard.contains($1) }.keys))
                    trusted.append(nodes)
                }
                #expect(trusted[0].isDisjoint(with: trusted[1]) && trusted[0].union(trusted[1]).count == 60)

                second.program.crash()
                _ = try await second.program.exit()
                _ = try await bed.detector(
                    ["--shard", "1/2"] + state, model: "normal,floor=1", heartbeats: second.heartbeats,
                    events: second.events, control: second.control)
                let forgotten = try await watches[1].events("end", count: trusted[1].count) {
                    $0.transition?.to == .forgotten
                }
                #expect(Set(forgotten.compactMap { $0.transition?.node }) == trusted[1])
                try await watches[1].events("trust in the others", count: trusted[0].count) {
                    $0.transition?.to == .trusted && trusted[0].contains($0.transition?.node ?? "")
                }
            }
        }
    }
}
