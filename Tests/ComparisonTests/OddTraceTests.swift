import Foundation
import PhiAccrual
import TestSupport
import Testing
import Traces

@testable import Comparison

/// Files can hold anything; a comparison ends with numbers all the same.
@Suite struct `A comparison on an odd trace` {
    @Test(arguments: OddTrace.allCases) func `ends with finite numbers`(trace: OddTrace) throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("phi-\(UUID().uuidString).csv").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try trace.text.write(toFile: path, atomically: false, encoding: .utf8)

        let arrivals = try RecordedArrivals(path: path)
        #expect(arrivals.samples > 0 || trace == .oneHeartbeat)
        var report = ComparisonReport()
        report.add(Contest(arrivals))
        #expect(report.cells.allSatisfy { $0.best > 0 && $0.ratio.map { $0 > 0 && $0.isFinite } ?? true })
        _ = try JSONEncoder().encode(report)  // throws where a number is infinite or none
    }
}
