import PhiAccrual

// What can be off, or has parts of its own. A part that is not stated keeps what it had.

extension Draft {
    private enum HoldKey: String, CaseIterable { case share, least, longest }
    private enum DampingKey: String, CaseIterable { case flaps, within, calm }
    private enum RecordKey: String, CaseIterable {
        case folder
        case fileSize = "file_size"
        case totalSize = "total_size"
    }

    mutating func takeHold(_ value: Written) {
        let right = "off, a share such as 0.5, or share, least and longest"
        let before = configuration.hold ?? HoldRule()
        if case .text(let text) = value.content {
            if text == "off" { return set("hold", \.hold, nil, at: value.place) }
            guard let share = Self.share(text) else {
                return note(value.place, "hold must be \(right), found \(value.kind)")
            }
            return set("hold.share", \.hold[or: before].share, share, at: value.place)
        }
        if case .mapping = value.content { configuration.hold = before }
        entries(of: value, "hold", right: right) { (draft, key: HoldKey, value) in
            let path = "hold.\(key.rawValue)"
            switch key {
            case .share:
                guard let text = draft.text(of: value, path, right: "a share such as 0.5") else { return }
                guard let share = Self.share(text) else {
                    return draft.note(
                        value.place, "\(path) must be a number above 0 and at most 1, found \(value.kind)")
                }
                draft.set(path, \.hold[or: before].share, share, at: value.place)
            case .least: draft.takeWhole(value, path, \.hold[or: before].least, in: 2...64)
            case .longest:
                draft.takeDuration(
                    value, path, \.hold[or: before].longest.asDuration, upTo: HoldRule.longestAllowed.asDuration)
            }
        }
    }
    private static func share(_ text: String) -> Double? { Double(text).flatMap { $0 > 0 && $0 <= 1 ? $0 : nil } }

    mutating func takeDamping(_ value: Written) {
        let right = "off, or flaps, within and calm"
        if case .text(let text) = value.content {
            guard text == "off" else { return note(value.place, "damping must be \(right), found \(value.kind)") }
            return set("damping", \.recovery.flaps, nil, at: value.place)
        }
        let flaps = configuration.recovery.flaps ?? 5
        if case .mapping = value.content { configuration.recovery.flaps = flaps }
        entries(of: value, "damping", right: right) { (draft, key: DampingKey, value) in
            let path = "damping.\(key.rawValue)"
            switch key {
            case .flaps: draft.takeWhole(value, path, \.recovery.flaps[or: flaps], in: 1...64)
            case .within: draft.takeDuration(value, path, \.recovery.within.asDuration)
            case .calm: draft.takeDuration(value, path, \.recovery.calm.asDuration)
            }
        }
    }

    mutating func takeRecord(_ value: Written) {
        let right = "off, a folder, or folder, file_size and total_size"
        let before = configuration.record ?? RecordingBounds(folder: "")
        if case .text(let text) = value.content {
            if text == "off" { return set("record", \.record, nil, at: value.place) }
            return set("record.folder", \.record[or: before].folder, text, at: value.place)
        }
        if case .mapping = value.content { configuration.record = before }
        entries(of: value, "record", right: right) { (draft, key: RecordKey, value) in
            let path = "record.\(key.rawValue)"
            switch key {
            case .folder: draft.take(value, path, \.record[or: before].folder, "a folder") { $0 }
            case .fileSize:
                draft.take(value, path, \.record[or: before].fileSize, "a size such as 64MB") {
                    try ByteCount.parse($0)
                }
            case .totalSize:
                draft.take(value, path, \.record[or: before].totalSize, "a size such as 1GB") {
                    try ByteCount.parse($0)
                }
            }
        }
    }
}

extension Optional {
    /// The value, or another one where there is none: to be changed in part.
    fileprivate subscript(or other: Wrapped) -> Wrapped {
        get { self ?? other }
        set { self = newValue }
    }
}

extension Int64 {
    /// So many nanoseconds.
    fileprivate var asDuration: Duration {
        get { .nanoseconds(self) }
        set { self = newValue.nanoseconds }
    }
}
