import PhiAccrual
import TestSupport
import Testing

@Suite struct `A replay of an edge-case trace` {
    @Test(arguments: EdgeCaseTrace.allCases, DetectorSpec.names)
    func `ends with finite numbers`(trace: EdgeCaseTrace, detector: String) throws {
        try withFile(of: Array(trace.text.utf8)) { path in
            let (samples, error) = try CheckedReplay.run(path, try DetectorSpec(parsing: detector))
            #expect(error == nil)
            #expect(samples > 0)
        }
    }
}
