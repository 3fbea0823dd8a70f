#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// The limit on open files. Each connection uses one.
enum OpenFiles {
    /// Raises the limit to the maximum that the system allows. At the limit, libzmq keeps one core busy and accepts no
    /// connections.
    static func allowAll() {
        var limit = rlimit()
        #if canImport(Darwin)
            let resource = RLIMIT_NOFILE
        #else
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #endif
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(resource, &limit)
    }
}
