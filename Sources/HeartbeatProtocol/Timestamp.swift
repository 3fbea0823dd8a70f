/// An instant of wall-clock time, to the nanosecond.
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Nanoseconds since 1970-01-01T00:00:00Z, without leap seconds.
    public var unixNanoseconds: Int64

    public init(unixNanoseconds: Int64) { self.unixNanoseconds = unixNanoseconds }

    public static func < (a: Timestamp, b: Timestamp) -> Bool { a.unixNanoseconds < b.unixNanoseconds }
}

extension Timestamp: LosslessStringConvertible, Codable {
    /// RFC 3339 in UTC with nine decimals, such as `2026-01-31T23:59:59.000000001Z`.
    public var description: String {
        let (days, inDay) = unixNanoseconds.dividedRoundingDown(by: 86_400_000_000_000)
        let (year, month, day) = Self.civilDate(daysSince1970: days)
        let seconds = inDay / 1_000_000_000
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(padded(seconds / 3600, 2))"
            + ":\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2)).\(padded(inDay % 1_000_000_000, 9))Z"
    }

    /// Parses what `description` writes, with up to nine decimals or none; nil for anything else. A leap second counts
    /// as the second after it.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)  // yyyy-mm-ddThh:mm:ss, decimals, Z
        guard bytes.count >= 20, bytes.last == UInt8(ascii: "Z"),
            zip([4, 7, 10, 13, 16], "--T::".utf8).allSatisfy({ bytes[$0] == $1 }),
            let year = Self.number(bytes[0..<4]), let month = Self.number(bytes[5..<7]),
            let day = Self.number(bytes[8..<10]), let hour = Self.number(bytes[11..<13]),
            let minute = Self.number(bytes[14..<16]), let second = Self.number(bytes[17..<19]),
            let nanosecond = Self.nanoseconds(decimals: bytes[19..<(bytes.count - 1)])
        else { return nil }
        guard (1...12).contains(month), hour < 24, minute < 60, second <= 60 else { return nil }
        let days = Self.daysSince1970(year: year, month: month, day: day)
        guard Self.civilDate(daysSince1970: days) == (year, month, day) else { return nil }  // no such day: February 30
        let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second
        guard let nanoseconds = Int64(exactly: Int128(seconds) * 1_000_000_000 + Int128(nanosecond)) else { return nil }
        unixNanoseconds = nanoseconds
    }
    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
    }
    private static func nanoseconds(decimals: ArraySlice<UInt8>) -> Int64? {
        guard let point = decimals.first else { return 0 }
        guard point == UInt8(ascii: "."), (2...10).contains(decimals.count) else { return nil }
        let zeros = ArraySlice(repeating: UInt8(ascii: "0"), count: 10 - decimals.count)
        return number(decimals.dropFirst() + zeros)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Timestamp(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "invalid RFC 3339 time in UTC: \(text)")
        }
        self = value
    }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    // Years start in March, so that the leap day is the last day of a year; 400 years are 146,097 days. There are
    // 719,468 days between 0000-03-01 and 1970-01-01.
    private static func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
        let (year, month) = month > 2 ? (year, month - 3) : (year - 1, month + 9)
        let (era, yearOfEra) = year.dividedRoundingDown(by: 400)
        let dayOfYear = (153 * month + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
    private static func civilDate(daysSince1970 days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = (days + 719_468).dividedRoundingDown(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        return (
            era * 400 + yearOfEra + (month < 10 ? 0 : 1), month < 10 ? month + 3 : month - 9,
            dayOfYear - (153 * month + 2) / 5 + 1
        )
    }
    private func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

extension Int64 {
    fileprivate func dividedRoundingDown(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
