import EventLoop
import PhiAccrual
import SocketTestSupport
import Testing
import ZeroMQ

@Suite(.timeLimit(.minutes(1))) struct `An event loop` {
    private static func loop(until stop: WakeUp, isExact: Bool) throws -> EventLoop {
        isExact ? EventLoop(until: stop, timer: try DeadlineTimer()) : EventLoop(until: stop)
    }

    @Test(arguments: [false, true]) func `never ends a wait before its instant`(isExact: Bool) throws {
        var loop = try Self.loop(until: WakeUp(), isExact: isExact)
        // A timer that fired before must not end a later wait.
        for number in 1...20 {
            let instant = MonotonicClock.now + .microseconds(130 * number)
            try loop.wait(until: instant)
            #expect(MonotonicClock.now >= instant)
            let isStopped = loop.isStopped
            #expect(!isStopped)
        }
    }

    @Test(arguments: [false, true]) func `does not wait for an instant that has passed`(isExact: Bool) throws {
        var loop = try Self.loop(until: WakeUp(), isExact: isExact)
        let instant = MonotonicClock.now
        for _ in 0..<3 { try loop.wait(until: instant) }  // the same instant fires again
        try loop.wait(until: Instant(nanoseconds: 0))
        let isStopped = loop.isStopped
        #expect(!isStopped)
    }

    @Test(arguments: [false, true]) func `ends every wait once it is stopped`(isExact: Bool) throws {
        let stop = try WakeUp()
        var loop = try Self.loop(until: stop, isExact: isExact)
        let thread = try SocketThread(name: "stopping") { stop.signal() }
        for instant in [nil, MonotonicClock.now + .seconds(3600)] {
            try loop.wait(until: instant)
            let isStopped = loop.isStopped
            #expect(isStopped)
        }
        thread.join()
    }

    @Test func `reports which sockets and mailboxes are readable`() throws {
        let pipeline = try Pipeline(in: Context())
        let mailbox = try Mailbox<Int>()
        var loop = try Self.loop(until: WakeUp(), isExact: true)
        let (frames, numbers) = (loop.add(pipeline.pull), loop.add(mailbox))
        try loop.poll()
        var readable = [loop.isReadable(frames), loop.isReadable(numbers)]
        #expect(readable == [false, false])

        let thread = try SocketThread(name: "putting") { for number in 1...3 { mailbox.put(number) } }
        thread.join()
        try loop.wait(until: nil)
        readable = [loop.isReadable(frames), loop.isReadable(numbers)]
        #expect(readable == [false, true])
        #expect(mailbox.count == 3 && !mailbox.isEmpty)
        #expect(mailbox.drain() == [1, 2, 3])
        #expect(mailbox.count == 0 && mailbox.isEmpty)

        try pipeline.push.send([1])
        try loop.wait(until: nil)
        readable = [loop.isReadable(frames), loop.isReadable(numbers)]
        #expect(readable == [true, false])
        _ = try pipeline.pull.receiveMultipart()
        try loop.poll()
        readable = [loop.isReadable(frames), loop.isReadable(numbers)]
        #expect(readable == [false, false])
    }
}
