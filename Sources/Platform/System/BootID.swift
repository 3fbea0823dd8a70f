/// Identifies the current boot of the machine.
public enum BootID {
    /// An ID that differs for every boot; nil if the system provides none.
    public static var identifier: String? {
        var bytes = [UInt8](repeating: 0, count: 64)  // an UUID has 36
        #if os(Linux)
            let file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
            guard file >= 0 else { return nil }
            defer { close(file) }
            let count = read(file, &bytes, bytes.count)
            guard count > 0 else { return nil }
            return String(decoding: bytes[..<count].prefix { !($0 == 0x0A || $0 == 0x20) }, as: UTF8.self)
        #else
            var count = bytes.count
            guard sysctlbyname("kern.bootsessionuuid", &bytes, &count, nil, 0) == 0 else { return nil }
            return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        #endif
    }
}
