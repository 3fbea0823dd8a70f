import PhiAccrual
import TestSupport
import Testing

@Suite struct `A replay of an odd trace` {
    @Test(arguments: OddTrace.allCases, DetectorSpec.names)
    func `ends with numbers that can be printed`(trace: OddTrace, detector: String) throws {
        try withFile(of: Array(trace.text.utf8)) { path in
            let (samples, error) = try CheckedReplay.run(path, try DetectorSpec(parsing: detector))
            #expect(error == nil)
            #expect(samples > 0)
        }
    }
}
