import Foundation
import PhiAccrual
import TestSupport
import Testing
import Traces

@testable import Comparison

/// Files can contain anything. A comparison must still end with finite numbers.
@Suite struct `A comparison on an edge-case trace` {
    @Test(arguments: EdgeCaseTrace.allCases) func `ends with finite numbers`(trace: EdgeCaseTrace) throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("phi-\(UUID().uuidString).csv").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try trace.text.write(toFile: path, atomically: false, encoding: .utf8)

        let arrivals = try RecordedArrivals(path: path)
        #expect(arrivals.samples > 0 || trace == .oneHeartbeat)
        var report = ComparisonResults()
        let comparison = DetectorComparison(arrivals)
        report.add(comparison)
        #expect(report.cells.allSatisfy { $0.best > 0 && $0.ratio.map { $0 > 0 && $0.isFinite } ?? true })
        _ = try JSONEncoder().encode(report)  // throws if a number is infinite or NaN
        let diagnostics = TraceDiagnostics(of: arrivals, comparison)
        #expect(diagnostics.gaps.steps.allSatisfy { $0.length.isFinite && (0...1).contains($0.longer) })
        #expect(
            diagnostics.views.flatMap(\.calibration).allSatisfy { $0.observedShare > 0 && $0.observedShare.isFinite })
        #expect(diagnostics.views.flatMap(\.fit.average).allSatisfy { (0...1).contains($0) })
    }
}
