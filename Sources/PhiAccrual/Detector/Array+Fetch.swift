extension Array {
    /// Reads a byte of each cache line of some elements, so that the processor has them at hand soon after.
    /// - Returns: Something that depends on all that was read.
    func fetch(_ elements: Range<Int>) -> UInt8 {
        withUnsafeBytes { bytes in
            let end = elements.upperBound * MemoryLayout<Element>.stride
            var seen: UInt8 = 0
            var at = elements.lowerBound * MemoryLayout<Element>.stride
            while at < end {
                seen |= bytes[at]
                at += 64
            }
            return seen
        }
    }
}
