import Dispatch
import Synchronization

/// A value that other threads change and that tests wait for.
final class Observed<Value: Sendable>: Sendable {
    private struct State {
        var value: Value
        var version = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }
    private let state: Mutex<State>

    init(_ value: Value) { state = Mutex(State(value: value)) }

    var value: Value { state.withLock { $0.value } }

    /// Changes the value and wakes all waiting tasks, which check it again.
    func change(_ body: @Sendable (inout Value) -> Void = { _ in }) {
        let waiting = state.withLock { state in
            body(&state.value)
            state.version += 1
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// The first result of `find` on the value, now or after a change; nil if there is no result within `limit`.
    func first<Result>(within limit: Duration, _ find: (Value) throws -> Result?) async rethrows -> Result? {
        let end = ContinuousClock.now + limit
        DispatchQueue.global().asyncAfter(deadline: .now() + (limit / .seconds(1))) { [weak self] in self?.change() }
        return try await withTaskCancellationHandler {
            while true {  // until the limit, which also calls `change`
                let (value, version) = state.withLock { ($0.value, $0.version) }
                if let result = try find(value) { return result }
                if ContinuousClock.now >= end || Task.isCancelled { return nil }
                await changed(since: version)
            }
        } onCancel: {
            change()
        }
    }

    private func changed(since version: Int) async {
        await withCheckedContinuation { continuation in
            let isChanged = state.withLock { state in
                if state.version == version { state.waiting.append(continuation) }
                return state.version != version
            }
            if isChanged { continuation.resume() }
        }
    }
}
