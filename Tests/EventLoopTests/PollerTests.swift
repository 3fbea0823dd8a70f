import EventLoop
import Foundation
import SocketTestSupport
import Synchronization
import Testing
import ZeroMQ

@Suite(.timeLimit(.minutes(1))) struct `A poller` {
    @Test func `reports which sockets and file descriptors are readable`() throws {
        let context = try Context()
        let pipeline = try Pipeline(in: context)
        let idle = try Socket(.pull, in: context)
        let wakeUp = try WakeUp()
        var poller = Poller()
        let slots = (poller.add(idle), poller.add(pipeline.pull), poller.add(fileDescriptor: wakeUp.fileDescriptor))
        #expect(try poller.wait(timeoutMilliseconds: 0) == 0)
        #expect(try poller.wait(timeoutMilliseconds: -7) == 0)  // a negative timeout does not wait forever

        try pipeline.push.send([1])
        #expect(try poller.wait(timeoutMilliseconds: nil) == 1)
        #expect(!poller.isReadable(slots.0) && poller.isReadable(slots.1) && !poller.isReadable(slots.2))
        wakeUp.signal()
        #expect(try poller.wait(timeoutMilliseconds: .max) == 2)
        #expect(!poller.isReadable(slots.0) && poller.isReadable(slots.1) && poller.isReadable(slots.2))
        wakeUp.clear()
        _ = try pipeline.pull.receiveMultipart()
        #expect(try poller.wait(timeoutMilliseconds: 0) == 0)
    }

    @Test func `can be woken from another thread`() throws {
        let wakeUp = try WakeUp()
        var poller = Poller()
        poller.add(wakeUp)
        let thread = try SocketThread(name: "waker") { wakeUp.signal() }
        #expect(try poller.wait(timeoutMilliseconds: eventTimeout) == 1)
        thread.join()
    }

    @Test func `is woken once by any number of signals`() throws {
        let wakeUp = try WakeUp()
        var poller = Poller()
        poller.add(wakeUp)
        for _ in 0..<100_000 { wakeUp.signal() }  // more than a pipe can buffer
        #expect(try poller.wait(timeoutMilliseconds: 0) == 1)
        wakeUp.clear()
        #expect(try poller.wait(timeoutMilliseconds: 0) == 0)
    }

    @Test func `skips a closed socket`() throws {
        let context = try Context()
        let closed = try Socket(.pull, in: context)
        let wakeUp = try WakeUp()
        var poller = Poller()
        let (first, second) = (poller.add(closed), poller.add(wakeUp))
        drop(closed)
        #expect(try poller.wait(timeoutMilliseconds: 0) == 0)
        wakeUp.signal()
        #expect(try poller.wait(timeoutMilliseconds: eventTimeout) == 1)
        #expect(!poller.isReadable(first) && poller.isReadable(second))
    }

    @Test func `keeps its timeout when signals interrupt it`() throws {
        interruptions.store(0, ordering: .relaxed)
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in interruptions.add(1, ordering: .relaxed) }
        sigaction(SIGUSR1, &action, nil)

        let wakeUp = try WakeUp()
        let identifier = Mutex<pthread_t?>(nil)
        let outcome = Mutex<[Result<Int, ZeroMQError>]>([])
        let isDone = Atomic(false)
        let thread = try SocketThread(name: "interrupted") {
            var signals = sigset_t()
            sigemptyset(&signals)
            sigaddset(&signals, SIGUSR1)
            pthread_sigmask(SIG_UNBLOCK, &signals, nil)  // test threads block it, and new threads inherit that
            identifier.withLock { $0 = pthread_self() }
            let timeUp = wait(for: wakeUp, timeoutMilliseconds: 50)
            let woken = wait(for: wakeUp, timeoutMilliseconds: nil)
            outcome.withLock { $0 = [timeUp, woken] }
            isDone.store(true, ordering: .releasing)
        }
        let start = ContinuousClock.now
        while !isDone.load(ordering: .acquiring), ContinuousClock.now - start < .milliseconds(eventTimeout) {
            if let identifier = identifier.withLock({ $0 }) { pthread_kill(identifier, SIGUSR1) }
            // The first wait lasts 50 ms. Continue long after it, so that signals interrupt the second wait too.
            if ContinuousClock.now - start > .milliseconds(100), interruptions.load(ordering: .relaxed) > 100 {
                wakeUp.signal()
            }
            sched_yield()
        }
        wakeUp.signal()
        thread.join()
        #expect(outcome.withLock { $0 } == [.success(0), .success(1)])
    }
}

private let interruptions = Atomic(0)

/// The result of a wait for `wakeUp`. A timeout that comes too early counts as −1.
private func wait(for wakeUp: WakeUp, timeoutMilliseconds: Int?) -> Result<Int, ZeroMQError> {
    var poller = Poller()
    poller.add(wakeUp)
    let start = SuspendingClock.now
    do throws(ZeroMQError) {
        let count = try poller.wait(timeoutMilliseconds: timeoutMilliseconds)
        let isEarly = count == 0 && SuspendingClock.now - start < .milliseconds(timeoutMilliseconds ?? 0)
        return .success(isEarly ? -1 : count)
    } catch {
        return .failure(error)
    }
}

@Suite(.timeLimit(.minutes(1))) struct `A socket thread` {
    @Test func `runs its body once under its name`() throws {
        let names = Mutex<[String]>([])
        let thread = try SocketThread(name: "phi-ingest") {
            let name = try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
            names.withLock { $0.append(name ?? "") }
        }
        thread.join()
        thread.join()
        #expect(names.withLock { $0 } == ["phi-ingest\n"])
    }

    @Test func `can own a socket that another thread created`() throws {
        let context = try Context()
        let pull = try Socket(.pull, in: context)
        try pull.bind(to: "inproc://moved")
        let received = Mutex<[[UInt8]]?>(nil)
        let thread = try SocketThread(name: "owner", owning: pull) { pull in
            var poller = Poller()
            poller.add(pull)
            _ = try? poller.wait(timeoutMilliseconds: eventTimeout)
            received.withLock { $0 = try? pull.receiveMultipart() }
        }
        let push = try Socket(.push, in: context)
        try push.connect(to: "inproc://moved")
        try push.send([[1], [2]])
        thread.join()
        #expect(received.withLock { $0 } == [[1], [2]])
    }
}
