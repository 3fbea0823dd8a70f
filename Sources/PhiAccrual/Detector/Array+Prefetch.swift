import CPrefetch

extension Array {
    /// Has the processor fetch some elements, so that they are at hand soon after. It does not wait for them.
    @inline(__always) func prefetch(_ elements: Range<Int>) {
        withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            let end = Swift.min(elements.upperBound, count) * MemoryLayout<Element>.stride
            // From the beginning of a cache line on, or the last one would be left out.
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
