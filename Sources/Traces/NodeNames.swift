import Platform

/// Names of nodes, numbered in order of first appearance.
///
/// A trace repeats a few names millions of times. Names are compared as bytes, and a `String` is created only for a new
/// one.
struct NodeNames {
    static let maxLength = 255  // bytes

    private(set) var names: [String] = []
    private var bytes: [UInt8] = []  // all names, concatenated
    private var starts = [0]  // offsets in `bytes`; one more than there are names
    private var slots = Array(repeating: -1, count: 64)  // open addressing; power-of-two size, at most half in use
    private var last = -1

    /// The number of a name. A new name gets the next number.
    ///
    /// - Returns: nil if the name is invalid: empty, longer than 255 bytes, not UTF-8, or with control characters or
    ///   commas.
    @inline(__always)
    mutating func index(of name: UnsafeRawBufferPointer) -> Int? {
        if last >= 0, isEqual(name, last) { return last }
        return search(name)
    }

    private mutating func search(_ name: UnsafeRawBufferPointer) -> Int? {
        let slot = slot(of: name)
        if slots[slot] >= 0 {
            last = slots[slot]
            return last
        }
        guard let text = Self.validated(name) else { return nil }
        last = names.count
        slots[slot] = last
        names.append(text)
        bytes.append(contentsOf: name)
        starts.append(bytes.count)
        if names.count * 2 > slots.count { grow() }
        return last
    }

    /// The number of a name that is already present; nil if it is not.
    func index(ofKnown name: UnsafeRawBufferPointer) -> Int? {
        let found = slots[slot(of: name)]
        return found >= 0 ? found : nil
    }

    /// The slot that contains the name, or the free slot for it.
    private func slot(of name: UnsafeRawBufferPointer) -> Int {
        var slot = firstSlot(for: name)
        while slots[slot] >= 0, !isEqual(name, slots[slot]) { slot = (slot + 1) & (slots.count - 1) }
        return slot
    }

    private static func validated(_ name: UnsafeRawBufferPointer) -> String? {
        guard (1...maxLength).contains(name.count), let text = String(validating: name, as: UTF8.self) else {
            return nil
        }
        // Results are also CSV, where a comma would end the name.
        return text.unicodeScalars.contains { $0 == "," || $0.properties.generalCategory == .control } ? nil : text
    }

    @inline(__always)
    private func isEqual(_ name: UnsafeRawBufferPointer, _ index: Int) -> Bool {
        let start = starts[index]
        guard let first = name.baseAddress, name.count == starts[index + 1] - start else { return false }
        return bytes.withUnsafeBytes { known in
            known.baseAddress.map { memcmp($0 + start, first, name.count) == 0 } ?? false
        }
    }

    /// `Hasher` has a new seed in each process, so no file can be crafted whose names all collide.
    private func firstSlot(for name: UnsafeRawBufferPointer) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: name)
        return hasher.finalize() & (slots.count - 1)
    }

    private mutating func grow() {
        slots = Array(repeating: -1, count: slots.count * 2)
        for index in names.indices {
            var slot = bytes[starts[index]..<starts[index + 1]].withUnsafeBytes { firstSlot(for: $0) }
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = index
        }
    }
}
