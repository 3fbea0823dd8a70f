import PhiAccrual

// Settings that can be off or have parts. A part that is not set keeps its previous value.

extension ConfigurationBuilder {
    private enum HoldKey: String, CaseIterable {
        case share
        case minExcess = "least"
        case maxDuration = "longest"
    }
    private enum DampingKey: String, CaseIterable {
        case flaps, within
        case quietPeriod = "calm"
    }
    private enum RecordKey: String, CaseIterable {
        case folder
        case fileSize = "file_size"
        case totalSize = "total_size"
    }

    mutating func parseHold(_ value: RawValue) {
        let expected = "off, a share such as 0.5, or share, least and longest"
        let before = configuration.hold ?? HoldRule()
        if case .text(let text) = value.content {
            if text == "off" { return set("hold", \.hold, nil, at: value.location) }
            guard let share = Self.share(text) else {
                return report(value.location, "hold must be \(expected), found \(value.kind)")
            }
            return set("hold.share", \.hold[or: before].share, share, at: value.location)
        }
        if case .mapping = value.content { configuration.hold = before }
        entries(of: value, "hold", expected: expected) { (builder, key: HoldKey, value) in
            let path = "hold.\(key.rawValue)"
            switch key {
            case .share:
                guard let text = builder.text(of: value, path, expected: "a share such as 0.5") else { return }
                guard let share = Self.share(text) else {
                    return builder.report(
                        value.location, "\(path) must be a number above 0 and at most 1, found \(value.kind)")
                }
                builder.set(path, \.hold[or: before].share, share, at: value.location)
            case .minExcess: builder.parseWholeNumber(value, path, \.hold[or: before].minExcess, in: 2...64)
            case .maxDuration:
                builder.parseDuration(
                    value, path, \.hold[or: before].maxDuration.asDuration, upTo: HoldRule.maxDurationLimit.asDuration)
            }
        }
    }
    private static func share(_ text: String) -> Double? { Double(text).flatMap { $0 > 0 && $0 <= 1 ? $0 : nil } }

    mutating func parseDamping(_ value: RawValue) {
        let expected = "off, or flaps, within and calm"
        if case .text(let text) = value.content {
            guard text == "off" else {
                return report(value.location, "damping must be \(expected), found \(value.kind)")
            }
            return set("damping", \.recovery.flaps, nil, at: value.location)
        }
        let flaps = configuration.recovery.flaps ?? 5
        if case .mapping = value.content { configuration.recovery.flaps = flaps }
        entries(of: value, "damping", expected: expected) { (builder, key: DampingKey, value) in
            let path = "damping.\(key.rawValue)"
            switch key {
            case .flaps: builder.parseWholeNumber(value, path, \.recovery.flaps[or: flaps], in: 1...64)
            case .within: builder.parseDuration(value, path, \.recovery.within.asDuration)
            case .quietPeriod: builder.parseDuration(value, path, \.recovery.quietPeriod.asDuration)
            }
        }
    }

    mutating func parseRecord(_ value: RawValue) {
        let expected = "off, a folder, or folder, file_size and total_size"
        let before = configuration.record ?? RecordingBounds(folder: "")
        if case .text(let text) = value.content {
            if text == "off" { return set("record", \.record, nil, at: value.location) }
            return set("record.folder", \.record[or: before].folder, text, at: value.location)
        }
        if case .mapping = value.content { configuration.record = before }
        entries(of: value, "record", expected: expected) { (builder, key: RecordKey, value) in
            let path = "record.\(key.rawValue)"
            switch key {
            case .folder: builder.parse(value, path, \.record[or: before].folder, "a folder") { $0 }
            case .fileSize:
                builder.parse(value, path, \.record[or: before].fileSize, "a size such as 64MB") {
                    try ByteCount.parse($0)
                }
            case .totalSize:
                builder.parse(value, path, \.record[or: before].totalSize, "a size such as 1GB") {
                    try ByteCount.parse($0)
                }
            }
        }
    }
}

extension Optional {
    /// The value, or `other` if it is nil; for changing one part of it.
    fileprivate subscript(or other: Wrapped) -> Wrapped {
        get { self ?? other }
        set { self = newValue }
    }
}

extension Int64 {
    /// The number of nanoseconds as a duration.
    fileprivate var asDuration: Duration {
        get { .nanoseconds(self) }
        set { self = newValue.nanoseconds }
    }
}
