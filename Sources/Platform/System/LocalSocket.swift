/// Opens a stream socket whose addresses are files.
///
/// - Returns: A file descriptor, or −1 with `errno`.
public func openLocalSocket() -> Int32 {
    #if canImport(Glibc)
        socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    #else
        socket(AF_UNIX, SOCK_STREAM, 0)
    #endif
}
