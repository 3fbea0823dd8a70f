#if os(Linux)
    import Foundation

    /// A small in-memory disk that a test can fill. It is unmounted when this value is destroyed.
    public final class SmallDisk: Sendable {
        public let path: String
        /// Whether this process may mount a disk, which takes root.
        public static let mayMount = SmallDisk(mebibytes: 1) != nil

        public init?(at path: String = "/tmp/phi-\(UUID().uuidString.prefix(8))", mebibytes: Int) {
            self.path = path
            try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            guard mount("none", path, "tmpfs", 0, "size=\(mebibytes)m") == 0 else { return nil }
        }
        deinit {
            umount2(path, Int32(MNT_DETACH))
            rmdir(path)
        }
        public func fill() {
            _ = FileManager.default.createFile(atPath: path + "/ballast", contents: nil)
            guard let file = FileHandle(forWritingAtPath: path + "/ballast") else { return }
            for size in [4096, 1] { while (try? file.write(contentsOf: Data(repeating: 1, count: size))) != nil {} }
        }
        public func makeRoom() { unlink(path + "/ballast") }
        /// Remounts the disk read-only.
        /// - Returns: Whether it succeeded.
        public func protect() -> Bool { mount("none", path, "tmpfs", UInt(MS_REMOUNT | MS_RDONLY), "") == 0 }
    }
#endif
