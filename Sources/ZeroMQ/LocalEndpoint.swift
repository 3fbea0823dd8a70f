import Platform

/// An endpoint that is a file: `ipc:///run/phi.sock`.
enum LocalEndpoint {
    /// Why such an endpoint must not be bound, as an `errno`; nil if it may be bound, or is not a file.
    ///
    /// libzmq removes any file with that name: a socket in use, and an ordinary file as well. A process that is gone
    /// left behind a socket without a listener, which may be replaced.
    static func refusal(of address: String) -> Int32? {
        guard address.hasPrefix("ipc://") else { return nil }
        let path = String(address.dropFirst("ipc://".count))
        guard path != "*", !path.hasPrefix("@") else { return nil }  // chosen by libzmq, or not a file
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        guard status.st_mode & S_IFMT == S_IFSOCK else { return EEXIST }
        return isListenedOn(path) ? EADDRINUSE : nil
    }

    private static func isListenedOn(_ path: String) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard bytes.count < room else { return false }  // libzmq rejects it
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let descriptor = openLocalSocket()
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }
}
