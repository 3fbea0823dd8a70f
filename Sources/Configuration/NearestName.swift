extension String {
    /// The closest of `names`; nil if none is similar.
    func nearest(in names: [String]) -> String? {
        let tolerance = max(1, (count + 1) / 3)
        // Computing the distance takes time: only for names whose length is close enough.
        let distances = names.filter { abs($0.count - count) <= tolerance && count <= 64 }
            .map { (name: $0, editDistance: editDistance(to: $0)) }
        return distances.min { $0.editDistance < $1.editDistance }.flatMap {
            $0.editDistance <= tolerance ? $0.name : nil
        }
    }

    /// Edit distance, ignoring case: letters omitted, inserted, replaced, or swapped with their neighbour.
    private func editDistance(to other: String) -> Int {
        let (a, b) = (Array(lowercased()), Array(other.lowercased()))
        var rows = [Array(0...b.count)]
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                let last = rows[i]
                var minimum = Swift.min(row[j] + 1, last[j + 1] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    minimum = Swift.min(minimum, rows[i - 1][j - 1] + 1)
                }
                row.append(minimum)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }

    /// “did you mean …?”, or a list of the known names.
    func suggestion(from names: [String]) -> String {
        if let name = nearest(in: names) { return "did you mean \"\(name)\"?" }
        return "expected one of \(names.joined(separator: ", "))"
    }
}
