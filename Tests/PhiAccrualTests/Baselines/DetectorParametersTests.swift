import PhiAccrual
import Testing

@Suite struct `Parameters of a detector` {
    private func parsed<Parameters: DetectorParameters>(
        _ type: Parameters.Type, _ text: String, onto preset: Parameters = Parameters()
    ) throws -> Parameters {
        let pairs = text.split(separator: ",").map { part in
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (name: String(pair[0]), value: pair.count == 2 ? String(pair[1]) : "")
        }
        return try Parameters(parsing: pairs, onto: preset)
    }
    private func expectReadable<Parameters: DetectorParameters>(_ parameters: Parameters) throws {
        let text = parameters.description.drop(while: { $0 != "," }).dropFirst()
        #expect(try parsed(Parameters.self, String(text)) == parameters)
        #expect(parameters.description.hasPrefix(Parameters.detectorName + ","))
    }

    @Test func `are parsed and formatted by name`() throws {
        let chen = try parsed(ChenModel.Parameters.self, "alpha=250ms,window=1,interval=1s")
        #expect(chen.alpha == .milliseconds(250) && chen.window == 1 && chen.interval == .seconds(1))
        #expect(chen.description == "chen,window=1,alpha=250ms,interval=1s")
        #expect(ChenModel.Parameters().description == "chen,window=32,alpha=100ms,interval=auto")
        #expect(FixedModel.Parameters().description == "fixed,timeout=3s")
    }
    @Test func `have descriptions that parse back to them`() throws {
        try expectReadable(FixedModel.Parameters())
        try expectReadable(LogisticModel.Parameters.akka)
        try expectReadable(LogisticModel.Parameters.hazelcast)
        try expectReadable(ExponentialModel.Parameters.cassandra)
        try expectReadable(ExponentialModel.Parameters.chitchat)
        try expectReadable(ChenModel.Parameters())
        try expectReadable(BertierModel.Parameters())
        try expectReadable(TwoWindowModel.Parameters())
        try expectReadable(EmpiricalModel.Parameters())
        try expectReadable(SelfTuningModel.Parameters())
        try expectReadable(try parsed(BertierModel.Parameters.self, "gamma=0.3333333333333333,phi=0,interval=1500us"))
        try expectReadable(try parsed(ExponentialModel.Parameters.self, "phi-threshold=never,base=e,max-interval=7d"))
    }
    @Test func `have the names that their authors use`() {
        #expect(
            LogisticModel.Parameters.parameterNames == [
                "threshold", "max-sample-size", "min-std-deviation", "acceptable-heartbeat-pause",
                "first-heartbeat-estimate", "resolution", "learns-every-gap",
            ])
        #expect(
            ExponentialModel.Parameters.parameterNames == [
                "sampling-window-size", "initial-interval", "max-interval", "prior-weight", "base", "phi-threshold",
            ])
        #expect(ChenModel.Parameters.parameterNames == ["window", "alpha", "interval"])
        #expect(BertierModel.Parameters.parameterNames == ["window", "gamma", "beta", "phi", "interval"])
        #expect(TwoWindowModel.Parameters.parameterNames == ["n1", "n2", "margin", "interval"])
        #expect(EmpiricalModel.Parameters.parameterNames == ["window", "threshold", "scaling-factor"])
        #expect(
            SelfTuningModel.Parameters.parameterNames == [
                "window", "margin", "alpha", "beta", "detection-time", "mistake-rate", "query-accuracy", "slot",
                "interval",
            ])
    }
    @Test func `override a preset`() throws {
        let parameters = try parsed(LogisticModel.Parameters.self, "threshold=12", onto: .hazelcast)
        #expect(parameters.threshold == 12 && parameters.maxSampleSize == 200 && parameters.learnsEveryGap)
    }
    @Test func `with an unknown name are refused with the known names`() {
        let error = #expect(throws: InvalidDetectorSpec.self) { try parsed(ChenModel.Parameters.self, "size=5") }
        #expect(
            error?.description
                == "invalid detector \"chen,size=5\": chen has no parameter 'size', only window, alpha and interval; expected: chen,window=32,alpha=100ms,interval=auto"
        )
    }
    @Test(arguments: [
        ("window=0", "window must be a whole number from 1 to 100000, found '0'"),
        ("window=1.5", "window must be a whole number from 1 to 100000, found '1.5'"),
        ("window", "window must be a whole number from 1 to 100000, found ''"),
        ("gamma=-0.1", "gamma must be a number from 0 to 1, found '-0.1'"),
        ("gamma=nan", "gamma must be a number from 0 to 1, found 'nan'"),
        ("phi=inf", "phi must be a number from 0 to 1000000, found 'inf'"),
        ("interval=100", "interval must be a duration from 1ns to 200d, such as 250ms or 2s, or 'auto', found '100'"),
        ("interval=0s", "interval must be a duration from 1ns to 200d, such as 250ms or 2s, or 'auto', found '0s'"),
        ("interval=201d", "interval must be a duration from 1ns to 200d, such as 250ms or 2s, or 'auto', found '201d'"),
    ])
    func `that are invalid are refused with what is allowed`(text: String, reason: String) {
        let error = #expect(throws: InvalidDetectorSpec.self) { try parsed(BertierModel.Parameters.self, text) }
        #expect(error?.reason == reason)
    }
    @Test(arguments: [
        ("base=2", "base must be 10 or e, found '2'"),
        ("phi-threshold=0", "phi-threshold must be a number above 0 and at most 1000000, or 'never', found '0'"),
    ])
    func `with fixed choices are refused with the list of choices`(text: String, reason: String) {
        let error = #expect(throws: InvalidDetectorSpec.self) { try parsed(ExponentialModel.Parameters.self, text) }
        #expect(error?.reason == reason)
    }
    @Test func `that are invalid in code trap`() async {
        await #expect(processExitsWith: .failure) {
            var parameters = BertierModel.Parameters()
            parameters.gamma = .nan
            _ = BertierModel(parameters)
        }
    }
}
