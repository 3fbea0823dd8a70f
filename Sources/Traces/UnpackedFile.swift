import CZlib
import Platform

/// Why a file cannot be read, or not beyond some point.
struct Unreadable: Error, Hashable {
    var reason: String

    static func current(_ operation: String) -> Unreadable {
        Unreadable(reason: "cannot be \(operation): \(String(cString: strerror(errno)))")
    }
}

/// The bytes of a file, decompressed if the file is gzip.
///
/// zlib's `gzread` also reads both kinds. However, it loses bytes that it decompressed just before damage, and it
/// treats anything that follows a member as the end of the file, such as the damaged start of the next member. This
/// type returns every valid byte, and then the error.
struct UnpackedFile: ~Copyable {
    private let descriptor: CInt
    private let input: UnsafeMutableRawBufferPointer
    private let stream: UnsafeMutablePointer<z_stream>  // its state points back at it, so it must not move
    private var isPacked: Bool?  // nil: nothing was read yet
    private var isInsideMember = false  // a packed file consists of one or more gzip members
    private var isAtEnd = false
    private var damage: Unreadable?
    private let length: Int64?  // bytes; nil: unknown
    private var taken: Int64 = 0  // bytes

    /// - Parameter path: A file, a named pipe, or `-` for standard input.
    init(path: String) throws(Unreadable) {
        guard !path.utf8.contains(0) else {
            throw Unreadable(reason: "cannot be opened: its name contains a zero byte")
        }
        let descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .current("opened") }
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let gzipOnly = MAX_WBITS + 16
        guard inflateInit2_(stream, gzipOnly, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size)) == Z_OK else {
            stream.deallocate()
            close(descriptor)
            throw Unreadable(
                reason: "cannot be unpacked: zlib \(String(cString: zlibVersion())) has too little memory, or is "
                    + "another version than phi was built with")
        }
        input = .allocate(byteCount: 64 << 10, alignment: 64)
        length = Self.length(of: descriptor)
        (self.descriptor, self.stream) = (descriptor, stream)
    }
    deinit {
        inflateEnd(stream)
        stream.deallocate()
        input.deallocate()
        close(descriptor)
    }

    /// The share of the file, compressed, that was read so far, 0 ... 1; nil if its length is unknown.
    var share: Double? { length.map { min(1, Double(taken) / Double($0)) } }

    private static func length(of descriptor: CInt) -> Int64? {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 else {
            return nil
        }
        return Int64(status.st_size)
    }

    /// Reads the next bytes.
    ///
    /// - Returns: The number of bytes of `buffer` that were filled; 0 at the end. The buffer must not be empty.
    mutating func unpack(into buffer: UnsafeMutableRawBufferPointer) throws(Unreadable) -> Int {
        while true {
            if let damage { throw damage }
            if stream.pointee.avail_in == 0, !isAtEnd { try fill() }
            if stream.pointee.avail_in == 0, !isInsideMember { return 0 }
            // No text trace begins with this control character, so a file that does is assumed to be gzip, even if it
            // is damaged.
            let isPacked = self.isPacked ?? (input[0] == 0x1F)
            self.isPacked = isPacked
            let count = isPacked ? inflateNext(into: buffer) : copy(into: buffer)
            if count > 0 { return count }
        }
    }

    private mutating func fill() throws(Unreadable) {
        var count = 0
        repeat {
            count = read(descriptor, input.baseAddress, input.count)
        } while count < 0 && errno == EINTR
        guard count >= 0 else { throw .current("read") }
        isAtEnd = count == 0
        taken += Int64(count)
        stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: Bytef.self)
        stream.pointee.avail_in = uInt(count)
    }

    private mutating func copy(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, Int(stream.pointee.avail_in))
        guard let next = stream.pointee.next_in else { return 0 }
        buffer.copyMemory(from: UnsafeRawBufferPointer(start: next, count: count))
        stream.pointee.next_in = next + count
        stream.pointee.avail_in -= uInt(count)
        return count
    }

    private mutating func inflateNext(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        if !isInsideMember { inflateReset(stream) }
        isInsideMember = true
        stream.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: Bytef.self)
        stream.pointee.avail_out = uInt(buffer.count)
        switch inflate(stream, Z_NO_FLUSH) {
        case Z_OK: break
        case Z_STREAM_END: isInsideMember = false
        case Z_BUF_ERROR where isAtEnd: damage = Unreadable(reason: "the gzip data ends early: the file is truncated")
        case Z_BUF_ERROR: break  // needs more input
        default:
            let message = stream.pointee.msg.map { String(cString: $0) } ?? "unknown error"
            damage = Unreadable(reason: "the gzip data is damaged: \(message)")
        }
        return buffer.count - Int(stream.pointee.avail_out)
    }
}
