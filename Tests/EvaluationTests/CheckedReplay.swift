import Evaluation
import Foundation
import PhiAccrual
import Testing
import Traces

/// A replay that checks every number it produces.
struct CheckedReplay: ModelVisitor {
    typealias Outcome = (samples: Int, error: TraceError?)

    private let path: String
    private let policy: Policy

    /// - Returns: The number of judged heartbeats, and the error that ended the replay, if any.
    @discardableResult
    static func run(_ path: String, _ choice: DetectorSpec) throws -> Outcome {
        var replay = CheckedReplay(path: path, policy: .phi(choice.nativeThreshold ?? 8))
        return try choice.open(&replay)
    }

    mutating func visit<Model: ArrivalModel>(_ model: Model.Type, _ parameters: Model.Parameters) throws -> Outcome {
        var replay = TraceReplay<Model>(levels: [.suspect(policy)], model: parameters)
        var failure: TraceError?
        var invalid = 0  // values of φ
        do {
            try replay.run(try TraceReader(path: path)) { event in
                expectFinite(event)
            } onStep: { step in
                if let phi = step.phi, !(phi.isFinite && phi >= 0) { invalid += 1 }
            }
        } catch let error as TraceError {
            failure = error
            #expect(!error.reason.contains { $0.isNewline } && error.reason.utf8.count < 1000)
        }
        #expect(invalid == 0)
        let report = replay.report()
        expectFinite(report)
        return (report.samples, failure)
    }
}

/// Expects every `Double` in a value to be finite, and descends into structures, enums, and arrays.
private func expectFinite(_ value: Any) {
    if let number = value as? Double {
        #expect(number.isFinite)
    } else {
        for child in Mirror(reflecting: value).children { expectFinite(child.value) }
    }
}

/// Calls `body` with the path of a temporary file, and removes the file afterwards.
func withFile<Result>(of bytes: [UInt8], _ body: (String) throws -> Result) throws -> Result {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("phi-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(bytes).write(to: file)
    return try body(file.path)
}
