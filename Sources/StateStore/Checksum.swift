import CZlib

/// CRC-32 of bytes, as in gzip.
///
/// - Parameter sum: The CRC-32 of the bytes before these.
func crc32(of bytes: UnsafeRawBufferPointer, after sum: UInt32 = 0) -> UInt32 {
    guard let start = bytes.baseAddress else { return sum }  // zlib treats a null pointer as “start over”
    let start8 = start.assumingMemoryBound(to: UInt8.self)
    return UInt32(truncatingIfNeeded: crc32_z(UInt(sum), start8, bytes.count))
}
