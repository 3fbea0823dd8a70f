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
        let contest = DetectorComparison(arrivals)
        report.add(contest)
        #expect(report.cells.allSatisfy { $0.best > 0 && $0.ratio.map { $0 > 0 && $0.isFinite } ?? true })
        _ = try JSONEncoder().encode(report)  // throws where a number is infinite or none
        let diagnostics = TraceDiagnostics(of: arrivals, contest)
        #expect(diagnostics.gaps.steps.allSatisfy { $0.length.isFinite && (0...1).contains($0.longer) })
        #expect(diagnostics.views.flatMap(\.calibration).allSatisfy { $0.share > 0 && $0.share.isFinite })
        #expect(diagnostics.views.flatMap(\.fit.average).allSatisfy { (0...1).contains($0) })
    }
}
