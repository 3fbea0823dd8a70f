/// One value per row and level, side by side in memory. A row is a slot or a plan.
///
/// It is the only definition of where the value of a row and a level lies. Rows are only added, and only by the owner of
/// the table.
struct LevelTable<Value: Sendable>: Sendable {
    private let levelCount: Int
    private var values: [Value] = []  // row · levels + level

    init(levels: Int) { levelCount = levels }

    var rowCount: Int { values.count / levelCount }

    @inline(__always) private func index(_ row: Int, _ level: Int) -> Int { row * levelCount + level }
    @inline(__always) private func indices(of row: Int) -> Range<Int> { index(row, 0)..<index(row + 1, 0) }

    @inline(__always) subscript(row: Int, level: Int) -> Value {
        @inline(__always) _read { yield values[index(row, level)] }
        @inline(__always) _modify { yield &values[index(row, level)] }
    }

    /// - Parameter value: The value of each level.
    mutating func appendRow(_ value: (_ level: Int) -> Value) {
        for level in 0..<levelCount { values.append(value(level)) }
    }
    mutating func setRow(_ row: Int, _ value: (_ level: Int) -> Value) {
        for level in 0..<levelCount { self[row, level] = value(level) }
    }

    @inline(__always) mutating func updateAll(_ update: (inout Value) -> Void) {
        for index in values.indices { update(&values[index]) }
    }

    @inline(__always) func withRow<Result>(_ row: Int, _ body: (Span<Value>) -> Result) -> Result {
        body(values.span.extracting(indices(of: row)))
    }

    @inline(__always) mutating func withMutableRow<Result>(
        _ row: Int, _ body: (inout MutableSpan<Value>) -> Result
    ) -> Result {
        let indices = indices(of: row)
        var all = values.mutableSpan
        var own = all._mutatingExtracting(indices)
        return body(&own)
    }

    /// Prefetches the values of a row.
    @inline(__always) func prefetch(_ row: Int) { values.prefetch(indices(of: row)) }
}
