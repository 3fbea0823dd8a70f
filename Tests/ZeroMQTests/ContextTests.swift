import EventLoop
import Foundation
import SocketTestSupport
import Synchronization
import Testing
import ZeroMQ

@Suite(.timeLimit(.minutes(1))) struct `A context` {
    @Test func `that is shut down ends a poll without a timeout`() throws {
        let context = try Context()
        let isWaiting = try WakeUp()
        let end = Mutex<ZeroMQError?>(nil)
        let thread = try SocketThread(name: "waiting") {
            do throws(ZeroMQError) {
                let socket = try Socket(.subscribe, in: context)
                var poller = Poller()
                poller.add(socket)
                isWaiting.signal()
                try poller.wait(timeoutMilliseconds: nil)
            } catch {
                end.withLock { $0 = error }
            }
        }
        var poller = Poller()
        poller.add(isWaiting)
        #expect(try poller.wait(timeoutMilliseconds: eventTimeout) == 1)
        context.shutdown()
        thread.join()
        let error = try #require(end.withLock { $0 })
        #expect(error.isTerminated)
        #expect(error.description == "cannot wait for sockets: the context was shut down")
    }

    @Test func `that is shut down ends every other call too`() throws {
        let context = try Context()
        let socket = try Socket(.dealer, in: context)
        context.shutdown()
        let errors = [
            #expect(throws: ZeroMQError.self) { try socket.send([1]) },
            #expect(throws: ZeroMQError.self) { try socket.receiveMultipart() },
            #expect(throws: ZeroMQError.self) { try socket.bind(to: "inproc://late") },
            #expect(throws: ZeroMQError.self) { try socket.set(.linger, to: 0) },
            #expect(throws: ZeroMQError.self) { _ = try Socket(.dealer, in: context) },
        ]
        for error in errors { #expect(error?.isTerminated == true) }
    }

    @Test(arguments: ["tcp://127.0.0.1:1", "ipc:///no/such/folder/a"])
    func `closes at once, even if messages wait for a peer that never connects`(endpoint: Endpoint) throws {
        let start = ContinuousClock.now
        do {
            let context = try Context()
            let socket = try Socket(.push, in: context)
            try socket.connect(to: endpoint)
            for _ in 0..<100 { #expect(try socket.send([UInt8](repeating: 1, count: 1000))) }
        }
        #expect(ContinuousClock.now - start < .milliseconds(eventTimeout))
    }

    @Test func `stays alive as long as one of its sockets`() throws {
        let pull = try Socket(.pull, in: Context())
        try pull.bind(to: "inproc://alone")
        #expect(try pull.receiveMultipart() == nil)
    }

    @Test func `limits its sockets, and names an invalid parameter`() throws {
        let context = try Context(maximumSockets: 1)
        let first = try Socket(.pair, in: context)
        let second = #expect(throws: ZeroMQError.self) { _ = try Socket(.pair, in: context) }
        #expect(second?.code == EMFILE && second?.operation == .open)
        drop(first)
        let negative = #expect(throws: ZeroMQError.self) { _ = try Context(ioThreads: -1) }
        #expect(negative?.description == "cannot create a ZeroMQ context with ioThreads -1: Invalid argument")
    }
}
