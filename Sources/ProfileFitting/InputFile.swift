import CSodium
import Platform

/// A file that is read as raw bytes.
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

    /// The whole file. Files larger than `limit` bytes are an error.
    public static func contents(ofFile path: String, upTo limit: Int) throws(CannotRead) -> [UInt8] {
        var file = try InputFile(path: path)
        var contents: [UInt8] = []
        while contents.count <= limit {
            let count = try file.readPiece()
            if count == 0 { return contents }
            contents += file.piece[..<count]
        }
        throw CannotRead(path: path, reason: "it is larger than \(limit) bytes")
    }

    /// SHA-256 of the whole file, in 64 hexadecimal digits. Only regular files are allowed: the file is read twice, and
    /// a pipe can be read only once.
    public static func sha256(ofFile path: String) throws(CannotRead) -> String {
        var status = stat()
        guard stat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG else {
            throw CannotRead(path: path, reason: "it must be a regular file because it is read twice")
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

    /// - Returns: The number of bytes of `piece` that were filled; 0 at the end of the file.
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
