import Foundation
import HeartbeatProtocol
import PhiClient
import TestSupport
import Testing
import ZeroMQ

/// A running detector and its endpoints.
struct RunningDetector {
    let program: RunningProgram
    let heartbeats: String
    let events: String
    let control: String
}

/// The program that sends a node's heartbeats: `phi beat` or the Python example.
enum NodeKind: String, CaseIterable, Sendable {
    case phi, python

    /// The kinds that can run on this machine.
    static let available = allCases.filter { $0 != .python || TestBed.hasPython }
}

extension TestBed {
    /// A standard deviation of at least one interval, so that load on this machine causes no suspicion.
    static let tolerantModel = "normal,floor=1"

    /// Starts a detector on free ports and waits until it is ready.
    func detector(
        _ arguments: String..., heartbeats: String? = "tcp://127.0.0.1:*", events: String = "tcp://127.0.0.1:*",
        control: String = "tcp://127.0.0.1:*", openFiles: Int? = nil
    ) async throws -> RunningDetector {
        try await detector(
            arguments, model: Self.tolerantModel, heartbeats: heartbeats, events: events, control: control,
            openFiles: openFiles)
    }
    func detector(
        _ arguments: [String], model: String, heartbeats: String? = "tcp://127.0.0.1:*",
        events: String = "tcp://127.0.0.1:*", control: String = "tcp://127.0.0.1:*", openFiles: Int? = nil
    ) async throws -> RunningDetector {
        let all =
            ["detect", "--detector", model, "--events", events, "--control", control]
            + (heartbeats.map { ["--heartbeats", $0] } ?? []) + arguments
        let program = try openFiles.map { try phi(openFiles: $0, all) } ?? phi(all)
        let ready = try await program.note("ready") { $0.contains("message=ready") }
        return RunningDetector(
            program: program, heartbeats: value(of: "heartbeats", in: ready), events: value(of: "events", in: ready),
            control: value(of: "control", in: ready))
    }

    /// The value of a key in a line of `key=value` pairs; empty if the key is missing.
    func value(of key: String, in line: String) -> String {
        let field = line.split(separator: " ").first { $0.hasPrefix(key + "=") }
        let value = field?.dropFirst(key.count + 1) ?? ""
        return value == "\"\"" ? "" : String(value)
    }

    /// Starts a node that sends heartbeats until it is stopped.
    func node(_ kind: NodeKind, _ name: String, to detector: RunningDetector) throws -> RunningProgram {
        switch kind {
        case .phi: try beat(name, to: detector)
        case .python: try pythonNode(name, to: detector.heartbeats)
        }
    }
    func beat(_ node: String, to detector: RunningDetector, every interval: String = "300ms") throws -> RunningProgram {
        try phi(
            "beat", "--to", detector.heartbeats, "--group", "lab", "--node", node, "--every", interval, "--for", "5m")
    }
    func pythonNode(_ node: String, to endpoint: String, every seconds: Double = 0.3) throws -> RunningProgram {
        try python(.example("node"), endpoint, "lab", node, "\(seconds)")
    }

    /// Starts a subscriber and waits until it has the current state. It misses no event from then on.
    func watch(_ detector: RunningDetector) async throws -> RunningProgram {
        let watch = try phi("watch", "--json", "--from", detector.events, "--control", detector.control, "--for", "5m")
        _ = try await watch.note("up to date") { $0.hasPrefix("up to date") }
        return watch
    }
    /// The same with the Python example.
    func pythonSubscriber(_ detector: RunningDetector) async throws -> RunningProgram {
        let subscriber = try python(.example("subscriber"), detector.events, detector.control)
        _ = try await subscriber.note("up to date") { $0.hasPrefix("up to date") }
        return subscriber
    }
}

// MARK: The detector's own reports

// A client belongs to one thread, and a waiting test may change threads: each request opens its own client.
extension RunningDetector {
    func request<Answer: Codable & Sendable>(_ request: DetectorRequest) throws -> Answer {
        var client = try ControlClient(endpoint: Endpoint(control))
        return try client.request(request, within: testTimeout)
    }
    var status: StatusAnswer { get throws { try request(.status) } }

    /// Returns once the detector's uptime has grown by `seconds`, by its own clock.
    func waitForUptime(for seconds: Double) async throws {
        let end = try status.uptimeSeconds + seconds
        try await eventually("the detector was at work for \(seconds) s") { try status.uptimeSeconds >= end }
    }

    /// All events that the detector has published up to now, as `watch` printed them.
    func eventsUpToNow(in watch: RunningProgram) async throws -> [EventMessage] {
        let last = try status.sequence
        return try await watch.events { events in
            events.last.map { $0.place.sequence >= last } ?? (last == 0) ? events : nil
        }
    }

    /// Whether the detector has reported a pause of its own, as on a machine with more work than cores. It extends
    /// node timeouts after a pause.
    func wasStopped(seenBy watch: RunningProgram) async throws -> Bool {
        try await eventsUpToNow(in: watch).contains { $0.notice?.code == "detector-paused" }
    }

    /// Expects that a node was suspected exactly at its deadline: not a nanosecond sooner, and later only if the
    /// detector reports a pause of its own.
    func expectPunctual(_ suspicion: TransitionMessage, in watch: RunningProgram) async throws {
        let allowed = try #require(suspicion.threshold.seconds)
        #expect(suspicion.silenceSeconds >= allowed)
        let wasStopped = try await wasStopped(seenBy: watch)
        #expect(suspicion.silenceSeconds == allowed || wasStopped, "\(suspicion)")
    }
}
