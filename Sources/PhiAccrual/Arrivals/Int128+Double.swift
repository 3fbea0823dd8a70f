extension Int128 {
    /// The same as `Double(self)` up to the last bit. It avoids that initialiser's detour over generic integers, which
    /// took half of all the time of a heartbeat.
    var double: Double {
        let high = Double(UInt64(truncatingIfNeeded: magnitude >> 64))
        let absolute = high * 0x1p64 + Double(UInt64(truncatingIfNeeded: magnitude))
        return self < 0 ? -absolute : absolute
    }
}
