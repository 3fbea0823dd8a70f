import PhiAccrual
import Testing

@Suite struct `A detector spec` {
    @Test(
        arguments: [
            ("adaptive", .adaptive()), ("normal", DetectorSpec(NormalModel.Parameters())),
            ("normal,window=500", DetectorSpec(NormalModel.Parameters(window: 500))),
            ("normal,floor=0.05,window=2", DetectorSpec(NormalModel.Parameters(window: 2, floor: 0.05))),
            ("akka", DetectorSpec(LogisticModel.Parameters.akka)),
            ("hazelcast", DetectorSpec(LogisticModel.Parameters.hazelcast)),
            ("cassandra", DetectorSpec(ExponentialModel.Parameters.cassandra)),
            ("chitchat", DetectorSpec(ExponentialModel.Parameters.chitchat)),
        ] as [(String, DetectorSpec)])
    func `is parsed, and its description parses back to it`(text: String, choice: DetectorSpec) throws {
        #expect(try DetectorSpec(parsing: text) == choice)
        #expect(try DetectorSpec(parsing: choice.description) == choice)
    }
    @Test(arguments: DetectorSpec.names) func `may be any listed name`(name: String) throws {
        let choice = try DetectorSpec(parsing: name)
        #expect(try DetectorSpec(parsing: choice.description) == choice)
    }
    @Test func `takes the given φ if its detector has a native threshold`() throws {
        #expect(try DetectorSpec(parsing: "akka").nativeThreshold == 8)
        #expect(try DetectorSpec(parsing: "hazelcast").nativeThreshold == 10)
        #expect(try DetectorSpec(parsing: "akka").with(threshold: 12) == DetectorSpec(parsing: "akka,threshold=12"))
        #expect(try DetectorSpec(parsing: "cassandra").nativeThreshold == nil)
        #expect(try DetectorSpec(parsing: "normal").with(threshold: 12) == DetectorSpec(NormalModel.Parameters()))
    }
    @Test(arguments: [
        ("", "unknown detector ''"), ("Chen", "unknown detector 'Chen'"),
        ("adaptive,x=1", "adaptive has no parameters"),
        ("normal,", "normal has no parameter '', only window and floor"),
        ("normal,size=5", "normal has no parameter 'size', only window and floor"),
        ("normal,window", "window must be a whole number from 2 to 100000, found ''"),
        ("normal,window=1", "window must be a whole number from 2 to 100000, found '1'"),
        ("normal,floor=-1", "floor must be a number from 0 to 100, found '-1'"),
        ("normal,floor=nan", "floor must be a number from 0 to 100, found 'nan'"),
    ])
    func `that is invalid is refused with the reason`(text: String, reason: String) {
        let error = #expect(throws: InvalidDetectorSpec.self) { try DetectorSpec(parsing: text) }
        #expect(error?.reason == reason)
    }
}
