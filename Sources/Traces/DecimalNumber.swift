/// A number as programs write it: `1732188912.123456`, `-7`, `.5`, `1.732188912e+09`.
///
/// It keeps the digits, so that a time of ten digits with nine decimals is read to the last one: a `Double` has room for
/// sixteen. It points into the text, and lives no longer.
struct DecimalNumber {
    private let isNegative: Bool
    private let whole, fraction: UnsafeRawBufferPointer  // digits
    private let exponent: Int  // of ten

    /// - Returns: nil if the text is anything else than one number.
    init?(_ text: UnsafeRawBufferPointer) {
        var text = LineScanner(text)
        isNegative = text.skip("-")
        whole = text.parseDigits()
        let hasPoint = text.skip(".")
        fraction = hasPoint ? text.parseDigits() : UnsafeRawBufferPointer(rebasing: whole[..<0])
        guard !whole.isEmpty || !fraction.isEmpty else { return nil }
        if text.skip("e") || text.skip("E") {
            let hasPlus = text.skip("+")
            guard let exponent = wholeNumber(text.rest), exponent >= 0 || !hasPlus else { return nil }
            self.exponent = Int(min(max(exponent, -100_000), 100_000))  // far beyond what a line has digits for
        } else {
            guard text.rest.isEmpty else { return nil }
            exponent = 0
        }
    }

    /// The number times 10^`power`, rounded to the nearest whole number, halves away from zero.
    ///
    /// - Returns: nil if that needs more than 64 bits.
    func scaled(by power: Int) -> Int64? {
        var kept = whole.count + exponent + power  // digits before the point, once it was moved
        var magnitude: UInt64 = 0
        for digits in [whole, fraction] {
            for digit in digits where kept >= 0 {
                if kept == 0 {
                    if digit >= UInt8(ascii: "5") { magnitude += 1 }  // it is at most 2⁶³
                } else {
                    guard Self.append(digit &- UInt8(ascii: "0"), to: &magnitude) else { return nil }
                }
                kept -= 1
            }
        }
        while kept > 0, magnitude > 0 {
            guard Self.append(0, to: &magnitude) else { return nil }
            kept -= 1
        }
        return isNegative ? Int64(exactly: -Int128(magnitude)) : Int64(exactly: magnitude)
    }

    /// - Returns: Whether there is room for one more digit.
    private static func append(_ digit: UInt8, to magnitude: inout UInt64) -> Bool {
        let (tenfold, overflow) = magnitude.multipliedReportingOverflow(by: 10)
        magnitude = tenfold &+ UInt64(digit)
        return !overflow && magnitude <= Int64.min.magnitude
    }
}
