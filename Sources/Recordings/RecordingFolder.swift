import Platform

/// The files of one service's recording, oldest first.
struct RecordingFolder {
    struct File: Hashable {
        var path: String
        /// Numbers increase from file to file, regardless of the wall clock.
        var number: UInt64
        var size: Int64  // bytes
    }
    let path: String
    private(set) var files: [File] = []

    private static let ending = ".phirec"

    init(path: String) throws(RecordingError) {
        self.path = path
        guard let folder = opendir(path) else { throw .current("cannot read the folder", path) }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let number = Self.number(ofFile: name) else { continue }
            var status = stat()
            guard stat("\(path)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
            files.append(File(path: "\(path)/\(name)", number: number, size: Int64(status.st_size)))
        }
        files.sort { ($0.number, $0.path) < ($1.number, $1.path) }
    }

    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Returns a name such as `phi-20261121T175029Z-000042.phirec`.
    static func name(createdAt unixNanoseconds: Int64, number: UInt64) -> String {
        var seconds = time_t(unixNanoseconds / 1_000_000_000)
        var civil = tm()
        gmtime_r(&seconds, &civil)
        let date = digits(civil.tm_year + 1900, 4) + digits(civil.tm_mon + 1, 2) + digits(civil.tm_mday, 2)
        let time = digits(civil.tm_hour, 2) + digits(civil.tm_min, 2) + digits(civil.tm_sec, 2)
        return "phi-\(date)T\(time)Z-\(digits(number, 6))\(ending)"
    }
    private static func digits(_ number: some BinaryInteger, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    private static func number(ofFile name: String) -> UInt64? {
        guard name.hasPrefix("phi-"), name.hasSuffix(ending) else { return nil }
        return name.dropLast(ending.count).split(separator: "-").last.flatMap { UInt64($0) }
    }

    /// Deletes the oldest files until the others have at most this many bytes.
    mutating func shrink(to bytes: Int64) throws(RecordingError) {
        var total = files.reduce(0) { $0 + $1.size }
        while total > bytes, let oldest = files.first {
            // Another process may have deleted the file in the meantime. That is fine.
            guard unlink(oldest.path) == 0 || errno == ENOENT else {
                throw .current("cannot delete the oldest file", oldest.path)
            }
            total -= oldest.size
            files.removeFirst()
        }
    }
}

extension RecordingError {
    /// Combines a failed operation with the message for `errno`.
    static func current(_ what: String, _ path: String) -> RecordingError {
        let code = errno
        return RecordingError(path: path, reason: "\(what): \(String(cString: strerror(code)))")
    }
}
