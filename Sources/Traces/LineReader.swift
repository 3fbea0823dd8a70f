import Platform

/// One line without its end (LF or CRLF), and without a byte order mark at the start of the file.
struct Line {
    enum Ending { case newline, endOfFile, tooLong }

    var bytes: UnsafeRawBufferPointer  // valid until the next line is read; truncated if the line is too long
    var ending: Ending
}

/// Splits a file into lines, with one reused buffer.
struct LineReader: ~Copyable {
    static let maxLineLength = 4096  // bytes; a row with the longest name and numbers has 318

    private(set) var number = 0  // number of the line read last; the first is 1
    private let file: String
    private var source: UnpackedFile
    private let buffer: UnsafeMutableRawBufferPointer
    private var unread = 0..<0  // in `buffer`
    private var lastStart = 0  // in `buffer`; start of the line read last
    private var isAtEnd = false

    /// - Parameter file: The name of the file in error messages.
    init(path: String, file: String) throws(TraceError) {
        self.file = file
        do { source = try UnpackedFile(path: path) } catch { throw TraceError(file: file, reason: error.reason) }
        buffer = .allocate(byteCount: 256 << 10, alignment: 64)
    }
    deinit { buffer.deallocate() }

    /// The share of the file that was read so far, 0 ... 1; nil if its length is unknown, as for a pipe.
    var share: Double? { source.share }

    /// - Returns: The next line; nil at the end.
    mutating func next() throws(TraceError) -> Line? {
        while true {
            lastStart = unread.lowerBound
            let rest = UnsafeRawBufferPointer(rebasing: buffer[unread])
            if let length = rest.firstIndexOfNewline {
                unread = (unread.lowerBound + length + 1)..<unread.upperBound
                return line(rest.prefix(length), .newline)
            }
            if rest.count > Self.maxLineLength + 1 { return line(rest[...], .tooLong) }  // 1: possibly a CR
            if isAtEnd {
                unread = unread.upperBound..<unread.upperBound
                return rest.isEmpty ? nil : line(rest[...], .endOfFile)
            }
            try fill()
        }
    }

    /// Makes `next` return the line read last again.
    mutating func putBack() {
        unread = lastStart..<unread.upperBound
        number -= 1
    }

    private mutating func line(_ bytes: Slice<UnsafeRawBufferPointer>, _ ending: Line.Ending) -> Line {
        number += 1
        var text = bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes
        if number == 1, text.starts(with: [0xEF, 0xBB, 0xBF]) { text = text.dropFirst(3) }
        let isTooLong = text.count > Self.maxLineLength
        return Line(
            bytes: UnsafeRawBufferPointer(rebasing: text.prefix(Self.maxLineLength)),
            ending: isTooLong ? .tooLong : ending)
    }

    /// Moves the unread bytes to the front and reads more behind them. They are never longer than a line may be, so
    /// there is always room.
    private mutating func fill() throws(TraceError) {
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[unread]))
        let room = UnsafeMutableRawBufferPointer(rebasing: buffer[unread.count...])
        do {
            let count = try source.unpack(into: room)
            unread = 0..<(unread.count + count)
            isAtEnd = count == 0
        } catch {
            throw TraceError(file: file, line: number + 1, reason: error.reason)
        }
    }
}

extension UnsafeRawBufferPointer {
    fileprivate var firstIndexOfNewline: Int? {
        guard let baseAddress, let found = memchr(baseAddress, 0x0A, count) else { return nil }
        return UnsafeRawPointer(found) - baseAddress
    }
}
