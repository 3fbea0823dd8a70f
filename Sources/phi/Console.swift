#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// What people and programs read: results on standard output, all else on standard error.
enum Console {
    /// Whether people read the results.
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
    /// Colour is for terminals, and for those who did not turn it off (no-color.org).
    static var isColourful: Bool { isTerminal && (getenv("NO_COLOR").map { $0.pointee == 0 } ?? true) }

    /// One line of results, out at once: whoever reads the pipe is waiting for it.
    static func print(_ line: String) { print(Array(line.utf8)) }
    static func print(_ line: [UInt8]) {
        if let code = write(line + [UInt8(ascii: "\n")], to: STDOUT_FILENO) {
            error("cannot write to standard output: \(String(cString: strerror(code)))")
            exit(2)
        }
    }
    /// A remark, for people.
    static func note(_ line: String) { write(Array((line + "\n").utf8), to: STDERR_FILENO) }
    /// Whether people watch long work.
    static var showsProgress: Bool { isatty(STDERR_FILENO) == 1 }
    /// Overwrites the line of progress; an empty one clears it.
    static func progress(_ text: String) { write(Array("\r\u{1B}[K\(text)".utf8), to: STDERR_FILENO) }
    /// An error that ends the command.
    static func error(_ message: String) { note("phi: \(message)") }

    /// - Returns: The `errno` that kept some of it from being written; nil if all was.
    @discardableResult
    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { posixWrite(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                // Somebody made the pipe non-blocking: wait until there is room again.
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&waiting, 1, -1)
            } else if errno != EINTR {
                return errno
            }
        }
        return nil
    }
}

#if canImport(Darwin)
    private let posixWrite = Darwin.write
#else
    private let posixWrite = Glibc.write
#endif

enum Colour: String {
    case red = "31"
    case green = "32"
    case amber = "33"
    case grey = "90"

    func callAsFunction(_ text: String) -> String {
        Console.isColourful ? "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" : text
    }
}

extension String {
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
    func paddedLeft(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
