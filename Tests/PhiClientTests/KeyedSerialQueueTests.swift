import PhiClient
import Testing

@Suite struct `A keyed serial queue` {
    @Test func `runs the work of one subject in order, one at a time`() {
        var queue = KeyedSerialQueue<String, Int>(atOnce: 4, capacity: 10)
        for work in 1...3 { queue.add(work, of: "a") }
        for work in 1...3 {
            #expect(begun(&queue) == ["a\(work)"])
            queue.end(of: "a")
        }
        #expect(queue.begin() == nil && queue.running == 0 && queue.waiting == 0)
    }

    @Test func `runs the work of different subjects in parallel, up to its limit`() {
        var queue = KeyedSerialQueue<String, Int>(atOnce: 2, capacity: 10)
        for subject in ["a", "a", "b", "c"] { queue.add(1, of: subject) }
        #expect(begun(&queue) == ["a1", "b1"])
        #expect(queue.running == 2 && queue.waiting == 2)
        queue.end(of: "b")
        #expect(begun(&queue) == ["c1"])
        queue.end(of: "a")
        #expect(begun(&queue) == ["a1"])
    }

    @Test func `does not let a busy subject starve others`() {
        var queue = KeyedSerialQueue<String, Int>(atOnce: 1, capacity: 10)
        for work in 1...4 { queue.add(work, of: "busy") }
        #expect(begun(&queue) == ["busy1"])
        queue.add(1, of: "rare")
        queue.end(of: "busy")
        #expect(begun(&queue) == ["rare1"])
    }

    @Test func `is full when its capacity is waiting, not counting running work`() {
        var queue = KeyedSerialQueue<String, Int>(atOnce: 1, capacity: 2)
        queue.add(1, of: "a")
        #expect(begun(&queue) == ["a1"])
        queue.add(2, of: "a")
        #expect(!queue.isFull)
        queue.add(3, of: "b")
        #expect(queue.isFull)
        #expect(begun(&queue) == [])
        queue.end(of: "a")
        #expect(begun(&queue) == ["b3"])
        #expect(!queue.isFull)
    }

    @Test func `drops waiting work and keeps track of running work`() {
        var queue = KeyedSerialQueue<String, Int>(atOnce: 1, capacity: 10)
        for subject in ["a", "a", "b"] { queue.add(1, of: subject) }
        #expect(begun(&queue) == ["a1"])
        queue.clear()
        #expect(queue.waiting == 0 && queue.running == 1)
        #expect(begun(&queue) == [])
        queue.end(of: "a")
        #expect(queue.running == 0 && begun(&queue) == [])
        queue.add(2, of: "a")
        #expect(begun(&queue) == ["a2"])
    }

    @Test(arguments: 0..<100 as Range<UInt64>) func `keeps its guarantees in any order of calls`(seed: UInt64) {
        var random = Seeded(state: seed)
        var queue = KeyedSerialQueue<Int, Int>(atOnce: 3, capacity: 8)
        var running: [Int: Int] = [:]
        var last: [Int: Int] = [:]
        var waiting: [Int: Int] = [:]
        var begun = 0
        for step in 0..<500 {
            if !queue.isFull, Bool.random(using: &random) {
                let subject = Int.random(in: 0..<5, using: &random)
                queue.add(step, of: subject)
                waiting[subject, default: 0] += 1
            }
            if Bool.random(using: &random), let subject = running.keys.sorted().randomElement(using: &random) {
                queue.end(of: subject)
                running[subject] = nil
            }
            while let (subject, work) = queue.begin() {
                begun += 1
                waiting[subject, default: 0] -= 1
                #expect(running.updateValue(work, forKey: subject) == nil)
                #expect(last.updateValue(work, forKey: subject) ?? -1 < work)
            }
            #expect(running.count <= 3 && queue.running == running.count)
            #expect(queue.waiting == waiting.values.reduce(0, +))
            // Work waits only while all 3 slots are taken or its subject is running.
            #expect(running.count == 3 || waiting.allSatisfy { $1 == 0 || running[$0] != nil })
        }
        #expect(begun > 50)
    }

    private func begun(_ queue: inout KeyedSerialQueue<String, Int>) -> [String] {
        var begun: [String] = []
        while let (subject, work) = queue.begin() { begun.append("\(subject)\(work)") }
        return begun
    }
}
