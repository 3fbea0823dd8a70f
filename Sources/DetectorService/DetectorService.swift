import Configuration
import EventLoop
import HeartbeatProtocol
import Logging
import PhiAccrual
import ReceivingService
import ServiceLifecycle
import StateStore
import ZeroMQ

/// The service: heartbeats in, suspicion events out.
///
/// Two threads do the work. `DetectorLoop` owns the heartbeat sockets and the detector. `EventPublisher` owns the
/// sockets for events and requests. Each has a mailbox, and they share nothing else. This type binds the sockets, and
/// starts and stops the threads.
public final class DetectorService: Service {
    public let endpoints: ServiceEndpoints
    private let detectorLoop: SocketThread
    private let publisher: SocketThread
    private let stopDetectorLoop: WakeUp
    private let stopPublisher: WakeUp
    private let failure: ThreadFailure
    private let requests: Mailbox<DetectorLoopInput>

    /// Binds and starts.
    /// - Throws: `ZeroMQError` for an endpoint that cannot be used, `StoreError` for a state folder that cannot be
    ///   used; then nothing is left running.
    public convenience init(_ configuration: ServiceConfiguration, logger: Logger) throws {
        try self.init(configuration, clocks: .system, logger: logger)
    }

    init(_ configuration: ServiceConfiguration, clocks: ServiceClocks, logger: Logger) throws {
        // Before any socket is bound: of two services on one folder, only one may receive heartbeats.
        let recovered = try RecoveredState(of: configuration, logger: logger)
        let context = try Context()
        let eventSockets = try EventSockets(events: configuration.events, control: configuration.control, in: context)
        let (requests, inputs) = (try Mailbox<DetectorLoopInput>(), try Mailbox<EventPublisherInput>())
        for notice in recovered.notices { inputs.put(.notice(notice, at: MonotonicClock.now)) }
        let (stopDetectorLoop, stopPublisher, failure) = (try WakeUp(), try WakeUp(), ThreadFailure())
        (self.stopDetectorLoop, self.stopPublisher, self.failure, self.requests) = (
            stopDetectorLoop, stopPublisher, failure, requests
        )

        var start = DetectorLoopStart(
            configuration: configuration, recovered: recovered, context: context, requests: requests, publisher: inputs,
            clocks: clocks,
            logger: logger, stop: stopDetectorLoop, failure: failure)
        let (detectorLoop, bound) = try configuration.model.open(&start)
        self.detectorLoop = detectorLoop
        let endpoints = ServiceEndpoints(
            heartbeats: bound, connect: configuration.connect, events: eventSockets.boundEvents,
            control: eventSockets.boundControl)
        self.endpoints = endpoints
        do {
            publisher = try SocketThread(
                name: "phi-feed",
                owning: EventPublisher(
                    sockets: eventSockets, log: recovered.log(of: configuration), store: recovered.store,
                    levels: configuration.levels, endpoints: endpoints, inputs: inputs, detectorLoop: requests,
                    clocks: clocks, logger: logger, stop: stopPublisher)
            ) { publisher in
                var publisher = publisher
                failure.catching { try publisher.run() }
            }
        } catch {
            stopDetectorLoop.signal()
            detectorLoop.join()
            throw error
        }
    }

    /// Applies another configuration, as far as that is possible without a restart.
    public func reload(_ reload: Reload) { requests.put(.reload(reload)) }

    /// Runs until the task is cancelled or the service group shuts down, and then stops.
    /// - Throws: The error that ended a thread before that.
    public func run() async throws {
        await failure.waitOrShutDown()
        stop()
        if let error = failure.error { throw error }
    }

    /// Publishes the decisions so far, and returns when both threads have ended.
    public func stop() {
        stopDetectorLoop.signal()
        detectorLoop.join()
        stopPublisher.signal()
        publisher.join()
    }
}

/// Binds the heartbeat sockets and starts their thread, for any model.
private struct DetectorLoopStart: ModelVisitor {
    typealias Outcome = (SocketThread, bound: [Endpoint])

    let configuration: ServiceConfiguration
    let recovered: RecoveredState
    let context: Context
    let requests: Mailbox<DetectorLoopInput>
    let publisher: Mailbox<EventPublisherInput>
    let clocks: ServiceClocks
    let logger: Logger
    let stop: WakeUp
    let failure: ThreadFailure

    mutating func visit<Model: ArrivalModel>(
        _ model: Model.Type, _ parameters: Model.Parameters
    ) throws -> (SocketThread, bound: [Endpoint]) {
        var detectorConfiguration = Detector<Model>.Configuration(
            levels: configuration.levels, model: parameters, retention: configuration.retention.nanoseconds,
            capacity: configuration.limits.nodes, seed: UInt64.random(in: .min ... .max))
        detectorConfiguration.policies = recovered.policies(over: configuration.policies, for: model, logger: logger)
        (detectorConfiguration.recovery, detectorConfiguration.hold) = (configuration.recovery, configuration.hold)
        if let refusal = detectorConfiguration.refusal { throw refusal }
        let sockets = try HeartbeatSockets(
            bind: configuration.heartbeats, connect: configuration.connect, shard: configuration.shard, in: context)
        let bound = sockets.bound
        var detector = Detector<Model>(detectorConfiguration)
        let (unpersisted, events) = recovered.restore(
            into: &detector, of: configuration.shard, joinWithin: configuration.joinWithin,
            reconnection: SelfObservation.reconnectionTime, clocks: clocks, logger: logger)
        if !events.isEmpty { publisher.put(.events(events, wallOffset: clocks.civilOffset)) }
        let learnedStateSchedule = recovered.store.map { _ in
            LearnedStateSchedule(unpersisted: unpersisted, nodes: detector.nodeCount, at: MonotonicClock.now)
        }
        let failure = failure
        let recording = RecordingSession(bounds: configuration.record, detector: configuration.model.description)
        var detectorLoop = try DetectorLoop(
            sockets: sockets, detector: detector, shard: configuration.shard, expected: configuration.expected,
            joinWithin: configuration.joinWithin, learnedStateSchedule: learnedStateSchedule,
            recording: recording, requests: requests, publisher: publisher, clocks: clocks, logger: logger,
            stop: stop)
        try detectorLoop.startRecording(at: MonotonicClock.now)
        let thread = try SocketThread(
            name: "phi-ingest", owning: detectorLoop
        ) { detectorLoop in
            var detectorLoop = detectorLoop
            failure.catching { try detectorLoop.run() }
            recording.ending.join()
        }
        return (thread, bound)
    }
}
