import ServiceLifecycle

/// Announces readiness when a service starts to run. A service group has trapped its signals by then.
struct ReadyNotifier: Service {
    let service: any Service
    let announce: @Sendable () -> Void

    func run() async throws {
        announce()
        try await service.run()
    }
}
