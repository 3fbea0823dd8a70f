import PhiAccrual
import Testing

@testable import DetectorService

@Suite struct `The table of connections` {
    private let a = NodeKey(rawValue: 1)
    private let b = NodeKey(rawValue: 2)
    private let first = Connections.ConnectionID(socket: 0, descriptor: 7)
    private let second = Connections.ConnectionID(socket: 1, descriptor: 7)

    @Test func `returns the nodes of a closed connection, once`() {
        var connections = Connections()
        connections.note(a, at: first)
        connections.note(b, at: first)
        connections.note(b, at: first)
        #expect(connections.close(first) == [a, b])
        #expect(connections.close(first).isEmpty)
    }
    @Test func `follows a node to another connection, and forgets a node`() {
        var connections = Connections()
        connections.note(a, at: first)
        connections.note(a, at: second)
        connections.note(b, at: second)
        connections.forget(b)
        #expect(connections.close(first).isEmpty)
        #expect(connections.close(second) == [a])
    }
}
