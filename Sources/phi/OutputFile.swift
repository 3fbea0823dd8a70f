#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// A file of results, written in large pieces.
struct OutputFile: ~Copyable {
    private let path: String
    private let descriptor: Int32
    private var pending: [UInt8] = []

    init(path: String) throws(CannotWrite) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw CannotWrite(path: path, code: errno) }
    }

    deinit { close(descriptor) }

    mutating func write(_ text: String) throws(CannotWrite) {
        pending += text.utf8
        if pending.count > 65_536 { try flush() }
    }

    /// Writes the rest. Without it, an error in the last piece would go unnoticed.
    mutating func finish() throws(CannotWrite) { try flush() }

    private mutating func flush() throws(CannotWrite) {
        var rest = pending[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Self.write(descriptor, $0) }
            if count < 0, errno != EINTR { throw CannotWrite(path: path, code: errno) }
            rest = rest.dropFirst(max(0, count))
        }
        pending.removeAll(keepingCapacity: true)
    }

    private static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
        #if canImport(Darwin)
            Darwin.write(descriptor, bytes.baseAddress, bytes.count)
        #else
            Glibc.write(descriptor, bytes.baseAddress, bytes.count)
        #endif
    }
}

struct CannotWrite: Error, CustomStringConvertible {
    let path: String
    let code: Int32
    var description: String { "cannot write \(path): \(String(cString: strerror(code)))" }
}
