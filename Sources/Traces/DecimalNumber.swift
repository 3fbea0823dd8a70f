/// A decimal number as programs print it: `1732188912.123456`, `-7`, `.5`, `1.732188912e+09`.
///
/// It keeps the digits, so a time with ten digits and nine decimals is read exactly; a `Double` has only about sixteen
/// digits. It points into the text and must not outlive it.
struct DecimalNumber {
    private let isNegative: Bool
    private let whole, fraction: UnsafeRawBufferPointer  // digits
    private let exponent: Int  // of ten

    /// - Returns: nil if the text is not exactly one number.
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
            self.exponent = Int(min(max(exponent, -100_000), 100_000))  // far beyond the number of digits in a line
        } else {
            guard text.rest.isEmpty else { return nil }
            exponent = 0
        }
    }

    /// The number times 10^`power`, rounded to the nearest whole number, halves away from zero.
    ///
    /// - Returns: nil if the result needs more than 64 bits.
    func scaled(by power: Int) -> Int64? {
        var kept = whole.count + exponent + power  // digits before the point after it is moved
        var magnitude: UInt64 = 0
        for digits in [whole, fraction] {
            for digit in digits where kept >= 0 {
                if kept == 0 {
                    if digit >= UInt8(ascii: "5") { magnitude += 1 }  // the magnitude is at most 2⁶³ here
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

    /// - Returns: Whether the number still fits 64 bits.
    private static func append(_ digit: UInt8, to magnitude: inout UInt64) -> Bool {
        let (tenfold, overflow) = magnitude.multipliedReportingOverflow(by: 10)
        magnitude = tenfold &+ UInt64(digit)
        return !overflow && magnitude <= Int64.min.magnitude
    }
}
