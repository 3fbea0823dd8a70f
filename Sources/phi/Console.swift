import Platform

/// Output for people and programs: results on standard output, everything else on standard error.
enum Console {
    /// Whether standard output is a terminal.
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
    /// Whether to use colour: on a terminal, unless the user turned it off with NO_COLOR (no-color.org).
    static var isColourful: Bool { isTerminal && (getenv("NO_COLOR").map { $0.pointee == 0 } ?? true) }

    /// Prints one line of results, unbuffered: a reader of the pipe may be waiting for it.
    static func print(_ line: String) { print(Array(line.utf8)) }
    static func print(_ line: [UInt8]) {
        if let code = write(line + [UInt8(ascii: "\n")], to: STDOUT_FILENO) {
            error("cannot write to standard output: \(String(cString: strerror(code)))")
            exit(2)
        }
    }
    /// Prints a message on standard error.
    static func note(_ line: String) { write(Array((line + "\n").utf8), to: STDERR_FILENO) }
    /// Whether standard error is a terminal, so that progress is worth showing.
    static var showsProgress: Bool { isatty(STDERR_FILENO) == 1 }
    /// Overwrites the progress line; an empty text clears it.
    static func progress(_ text: String) { write(Array("\r\u{1B}[K\(text)".utf8), to: STDERR_FILENO) }
    /// Prints an error that ends the command.
    static func error(_ message: String) { note("phi: \(message)") }

    /// - Returns: The `errno` of a failed write; nil if everything was written.
    @discardableResult
    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { writeBytes($0, to: descriptor) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                // Another process made the pipe non-blocking. Wait until it has room.
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&waiting, 1, -1)
            } else if errno != EINTR {
                return errno
            }
        }
        return nil
    }
}

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
