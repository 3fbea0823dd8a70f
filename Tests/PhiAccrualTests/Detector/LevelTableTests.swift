import Testing

@testable import PhiAccrual

@Suite struct `A table of levels` {
    private static func table(rows: Int, levels: Int) -> LevelTable<Int> {
        var table = LevelTable<Int>(levels: levels)
        for row in 0..<rows { table.appendRow { row * 10 + $0 } }
        return table
    }
    private func rows(of table: LevelTable<Int>) -> [[Int]] {
        (0..<table.rowCount).map { row in table.withRow(row) { span in span.indices.map { span[$0] } } }
    }

    @Test(arguments: 1...8) func `keeps rows and levels apart`(levels: Int) {
        var table = Self.table(rows: 3, levels: levels)
        #expect(table.rowCount == 3)
        table[1, levels - 1] = -1
        for row in 0..<3 {
            for level in 0..<levels {
                #expect(table[row, level] == (row == 1 && level == levels - 1 ? -1 : row * 10 + level))
            }
        }
    }

    @Test func `lends one row for changes in place`() {
        var table = Self.table(rows: 3, levels: 2)
        let sum = table.withMutableRow(1) { row in
            defer { for level in row.indices { row[level] += 100 } }
            return row[0] + row[1]
        }
        #expect(sum == 21)
        #expect(rows(of: table) == [[0, 1], [110, 111], [20, 21]])
    }

    @Test func `sets one row, or updates all values`() {
        var table = Self.table(rows: 3, levels: 2)
        table.setRow(2) { -$0 }
        table.updateAll { $0 += 1 }
        #expect(rows(of: table) == [[1, 2], [11, 12], [1, 0]])
    }
}
