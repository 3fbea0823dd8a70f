import Platform

/// A file of results, written in large blocks. The previous contents are kept until the first block is written or the
/// file is finished.
struct OutputFile: ~Copyable {
    private let path: String
    private let descriptor: Int32
    private var pending: [UInt8] = []
    private var isTruncated = false

    /// - Parameter sources: Input files, and files written already. The path must be none of them.
    init(path: String, apartFrom sources: [String] = []) throws(CannotWrite) {
        let descriptor = try Self.open(path, apartFrom: sources)
        (self.path, self.descriptor) = (path, descriptor)
    }

    private static func open(_ path: String, apartFrom sources: [String]) throws(CannotWrite) -> Int32 {
        let identity = identity(of: path)
        guard identity == nil || !sources.contains(where: { Self.identity(of: $0) == identity }) else {
            throw CannotWrite(path: path, code: EEXIST)
        }
        let descriptor = posixOpen(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw CannotWrite(path: path, code: errno) }
        return descriptor
    }

    deinit { close(descriptor) }

    /// Device and inode of a regular file; nil for anything else, and for a missing file.
    private static func identity(of path: String) -> [UInt64]? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return [UInt64(status.st_dev), UInt64(status.st_ino)]
    }

    mutating func write(_ text: String) throws(CannotWrite) {
        pending += text.utf8
        if pending.count > 65_536 { try flush() }
    }

    /// Writes the remaining text. Without this call, an error in the last block would go unnoticed.
    mutating func finish() throws(CannotWrite) { try flush() }

    private mutating func flush() throws(CannotWrite) {
        if !isTruncated {
            // `ftruncate` fails with EINVAL for anything but a regular file, where it is not needed.
            guard ftruncate(descriptor, 0) == 0 || errno == EINVAL else { throw CannotWrite(path: path, code: errno) }
            isTruncated = true
        }
        var rest = pending[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { writeBytes($0, to: descriptor) }
            if count < 0, errno != EINTR { throw CannotWrite(path: path, code: errno) }
            rest = rest.dropFirst(max(0, count))
        }
        pending.removeAll(keepingCapacity: true)
    }
}

struct CannotWrite: Error, CustomStringConvertible {
    let path: String
    let code: Int32
    var description: String {
        let reason =
            code == EEXIST ? "this command already uses the file; name another one" : String(cString: strerror(code))
        return "cannot write \(path): \(reason)"
    }
}

private func posixOpen(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 { open(path, flags, mode) }
