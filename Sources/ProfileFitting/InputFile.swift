import CSodium

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file that is read as it is, byte for byte.
public struct InputFile: ~Copyable {
    private let path: String
    private let descriptor: Int32
    private var piece = [UInt8](repeating: 0, count: 65_536)

    private init(path: String) throws(CannotRead) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CannotRead(path: path, reason: String(cString: strerror(errno))) }
        self.path = path
    }
    deinit { close(descriptor) }

    /// All of it, if that is at most so many bytes.
    public static func contents(ofFile path: String, upTo limit: Int) throws(CannotRead) -> [UInt8] {
        var file = try InputFile(path: path)
        var contents: [UInt8] = []
        while contents.count <= limit {
            let count = try file.readPiece()
            if count == 0 { return contents }
            contents += file.piece[..<count]
        }
        throw CannotRead(path: path, reason: "it has more than \(limit) bytes")
    }

    /// SHA-256 of all of it, in 64 hexadecimal digits. Only of ordinary files: what a pipe gives it gives but once.
    public static func sha256(ofFile path: String) throws(CannotRead) -> String {
        var status = stat()
        guard stat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG else {
            throw CannotRead(path: path, reason: "it must be an ordinary file, since it is read twice")
        }
        var file = try InputFile(path: path)
        var state = crypto_hash_sha256_state()
        crypto_hash_sha256_init(&state)
        while true {
            let count = try file.readPiece()
            if count == 0 { break }
            crypto_hash_sha256_update(&state, file.piece, UInt64(count))
        }
        var hash = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
        crypto_hash_sha256_final(&state, &hash)
        let digits = Array("0123456789abcdef")
        return String(hash.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }

    /// - Returns: How many bytes of the piece are the file's next; 0 at its end.
    private mutating func readPiece() throws(CannotRead) -> Int {
        while true {
            let count = read(descriptor, &piece, piece.count)
            if count >= 0 { return count }
            guard errno == EINTR else { throw CannotRead(path: path, reason: String(cString: strerror(errno))) }
        }
    }
}

/// Why a file could not be read.
public struct CannotRead: Error, Hashable, Sendable, CustomStringConvertible {
    public var path: String
    public var reason: String
    public var description: String { "cannot read \(path): \(reason)" }
}
