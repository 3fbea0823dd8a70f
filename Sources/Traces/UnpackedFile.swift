import CZlib

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Why a file cannot be read, or not further.
struct Unreadable: Error, Hashable {
    var reason: String

    static func current(_ operation: String) -> Unreadable {
        Unreadable(reason: "cannot be \(operation): \(String(cString: strerror(errno)))")
    }
}

/// The bytes of a file as they were before gzip, or as they are if gzip never packed them.
///
/// zlib's `gzread` reads both kinds too, but it loses what it had unpacked just before damage, and takes whatever
/// follows a member (the damaged beginning of the next one, say) for the end of the file. Here every good byte is given,
/// and then the error.
struct UnpackedFile: ~Copyable {
    private let descriptor: CInt
    private let input: UnsafeMutableRawBufferPointer
    private let stream: UnsafeMutablePointer<z_stream>  // its state points back at it, so it must not move
    private var isPacked: Bool?  // nil: nothing was read yet
    private var isInsideMember = false  // a packed file is one or more gzip members
    private var isAtEnd = false
    private var damage: Unreadable?
    private let length: Int64?  // bytes; nil: not known beforehand
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
            throw Unreadable(reason: "cannot be unpacked: zlib \(String(cString: zlibVersion())) does not start")
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

    /// How much of the file was taken in so far, packed as it is: 0 ... 1; nil where its length is not known.
    var share: Double? { length.map { min(1, Double(taken) / Double($0)) } }

    private static func length(of descriptor: CInt) -> Int64? {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 else {
            return nil
        }
        return Int64(status.st_size)
    }

    /// Reads on.
    ///
    /// - Returns: How many bytes of `buffer` (which must have room) were filled; 0 at the end.
    mutating func unpack(into buffer: UnsafeMutableRawBufferPointer) throws(Unreadable) -> Int {
        while true {
            if let damage { throw damage }
            if stream.pointee.avail_in == 0, !isAtEnd { try fill() }
            if stream.pointee.avail_in == 0, !isInsideMember { return 0 }
            // No trace is text that begins with this control character: whatever looks like gzip is meant to be.
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
        case Z_BUF_ERROR where isAtEnd: damage = Unreadable(reason: "gzip data is cut off here")
        case Z_BUF_ERROR: break  // wants more input
        default:
            let message = stream.pointee.msg.map { String(cString: $0) } ?? "unknown fault"
            damage = Unreadable(reason: "gzip data is damaged here: \(message)")
        }
        return buffer.count - Int(stream.pointee.avail_out)
    }
}
