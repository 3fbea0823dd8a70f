import Foundation

/// Whether a condition becomes true within about a minute.
public func repeatedly(_ isSo: () throws -> Bool) throws -> Bool {
    for _ in 0..<6000 {
        if try isSo() { return true }
        usleep(10_000)
    }
    return false
}
