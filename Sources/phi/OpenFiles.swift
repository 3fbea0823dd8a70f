#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// The limit on open files, of which each connection takes one.
enum OpenFiles {
    /// Raises the limit as far as the system lets us: at the limit libzmq burns a core and takes nobody in.
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
