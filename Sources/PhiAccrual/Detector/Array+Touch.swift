extension Array {
    /// Reads a byte of each cache line of some elements, so that the processor has them at hand soon after.
    /// - Returns: Something that depends on all that was read.
    func touch(_ elements: Range<Int>) -> UInt8 {
        withUnsafeBytes { bytes in
            let end = elements.upperBound * MemoryLayout<Element>.stride
            var at = elements.lowerBound * MemoryLayout<Element>.stride
            guard at < end else { return 0 }
            var seen = bytes[end - 1]  // in a line that none of the steps below may reach
            while at < end {
                seen |= bytes[at]
                at += 64
            }
            return seen
        }
    }
}
