import PhiAccrual

/// Which nodes use which connection, as far as they announced themselves there.
///
/// A closed connection is evidence: it reveals a killed process in less than a millisecond, and a frozen one not at
/// all.
struct Connections {
    /// A connection's file descriptor, on one of the sockets.
    struct ConnectionID: Hashable {
        var socket: Int
        var descriptor: Int32
    }
    private var keys: [ConnectionID: Set<NodeKey>] = [:]
    private var places: [NodeKey: ConnectionID] = [:]

    mutating func note(_ key: NodeKey, at place: ConnectionID) {
        guard places[key] != place else { return }
        forget(key)
        places[key] = place
        keys[place, default: []].insert(key)
    }

    mutating func forget(_ key: NodeKey) {
        guard let place = places.removeValue(forKey: key) else { return }
        keys[place]?.remove(key)
        if keys[place]?.isEmpty ?? false { keys[place] = nil }
    }

    /// - Returns: The nodes that used the connection.
    mutating func close(_ place: ConnectionID) -> Set<NodeKey> {
        let closed = keys.removeValue(forKey: place) ?? []
        for key in closed { places[key] = nil }
        return closed
    }
}
