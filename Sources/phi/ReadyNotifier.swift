import ServiceLifecycle

/// Says that a service is ready when it really is: signals are trapped by the time that a group runs its services.
struct ReadyNotifier: Service {
    let service: any Service
    let announce: @Sendable () -> Void

    func run() async throws {
        announce()
        try await service.run()
    }
}
