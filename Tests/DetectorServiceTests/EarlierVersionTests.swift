import EventLoop
import Foundation
import HeartbeatProtocol
import PhiAccrual
import PhiClient
import TestSupport
import Testing

@testable import DetectorService

@Suite struct `A service with a state folder of version 0.1.0` {
    /// A service that starts some time after the fixture's last event.
    private func service(_ name: String, after time: Duration, retention: Duration) throws -> (
        folder: Folder, stage: Stage
    ) {
        let folder = try Folder()
        try Fixture.unpack("0.1.0/\(name)", to: "\(folder.path)/state")
        let last = try #require(try Fixture.lines("0.1.0/\(name).events").last)
        let shift =
            try WireJSON.decode(EventMessage.self, from: last.utf8).place.at.unixNanoseconds + time.nanoseconds
            - WallClock.now
        let clocks = ServiceClocks(boot: { BootClock.now }, wall: { WallClock.now + shift })
        let stage = try Stage(clocks: clocks) { configuration in
            configuration.model = .adaptive()
            configuration.retention = retention
            configuration.state = "\(folder.path)/state"
        }
        return (folder, stage)
    }
    private func pause(of node: String, _ stage: Stage) throws -> String? {
        var client = try ControlClient(endpoint: stage.control)
        let answer: ExplainAnswer = try client.request(
            .explain(NodeIdentity(group: "lab", name: node)), within: testTimeout)
        return answer.pause?.reason
    }

    @Test(arguments: ["stopped", "killed"]) func `keeps its nodes and pauses an hour later`(name: String) throws {
        let (folder, stage) = try service(name, after: .seconds(3600), retention: .seconds(86_400))
        #expect(try stage.status.nodes == 6)
        #expect(try pause(of: "resting", stage) == "new disk")
        stage.service.stop()
        withExtendedLifetime(folder) {}
    }

    @Test(arguments: ["stopped", "killed"]) func `ends the pause after the year that it was set for`(
        name: String
    ) throws {
        let year = Duration.seconds(366 * 86_400)
        let (folder, stage) = try service(name, after: year, retention: year * 2)
        #expect(try repeatedly { try pause(of: "resting", stage) == nil })
        #expect(try stage.status.nodes == 6)
        stage.service.stop()
        withExtendedLifetime(folder) {}
    }
}
