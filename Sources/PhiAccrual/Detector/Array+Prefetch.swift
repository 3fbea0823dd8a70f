import CPrefetch

extension Array {
    /// Prefetches some elements into the cache, and does not wait for them.
    @inline(__always) func prefetch(_ elements: Range<Int>) {
        withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            let end = Swift.min(elements.upperBound, count) * MemoryLayout<Element>.stride
            // Starts at the beginning of a cache line, or the last line would be left out.
            var at = elements.lowerBound * MemoryLayout<Element>.stride
            guard at >= 0, at < end else { return }
            at -= Int(bitPattern: start + at) & 63
            while at < end {
                phi_prefetch(start + at)
                at += 64
            }
        }
    }
}
