/// Starts a program as a process group leader. `input` is its standard input, and our standard error is its standard
/// output. Our other files are closed. No signal is blocked, and SIGTERM, SIGINT, and SIGPIPE are not ignored.
///
/// - Parameters:
///   - arguments: C strings that end with nil, and so does `environment`.
/// - Returns: 0, or the `errno`.
public func spawnGroupLeader(
    _ process: inout pid_t, _ path: String, arguments: [UnsafeMutablePointer<CChar>?],
    environment: [UnsafeMutablePointer<CChar>?], input: Int32
) -> Int32 {
    #if canImport(Darwin)
        var (actions, attributes): (posix_spawn_file_actions_t?, posix_spawnattr_t?) = (nil, nil)
        let closingOthers = POSIX_SPAWN_CLOEXEC_DEFAULT
    #else
        var (actions, attributes) = (posix_spawn_file_actions_t(), posix_spawnattr_t())
        let closingOthers: Int32 = 0  // all files that Phi opens are marked close-on-exec
    #endif
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
        posix_spawn_file_actions_destroy(&actions)
        posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO)
    var (none, defaulted) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    sigemptyset(&defaulted)
    for signal in [SIGTERM, SIGINT, SIGPIPE] { sigaddset(&defaulted, signal) }
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &defaulted)
    posix_spawnattr_setpgroup(&attributes, 0)
    let flags = Int32(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) | closingOthers
    posix_spawnattr_setflags(&attributes, Int16(flags))
    return posix_spawn(&process, path, &actions, &attributes, arguments, environment)
}
