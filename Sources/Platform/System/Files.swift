/// Raises the limit on open files to the maximum that the system allows. Each connection uses one. At the limit, libzmq
/// keeps one core busy and accepts no connections.
public func raiseOpenFileLimit() {
    #if canImport(Glibc)
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
        let resource = RLIMIT_NOFILE
    #endif
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
    limit.rlim_cur = limit.rlim_max
    setrlimit(resource, &limit)
}

/// `write(2)`, under a name that does not collide with the method `write` of a type that calls it.
///
/// - Returns: The number of bytes written, or −1 with `errno`.
public func writeBytes(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int {
    write(descriptor, bytes.baseAddress, bytes.count)
}
