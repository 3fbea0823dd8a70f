import Foundation
import NetworkProfiles
import PhiAccrual
import Testing

@Suite struct `A network profile` {
    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Models/Network")

    @Test func `is built in for each file in the folder of profiles`() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).sorted()
        #expect(files == NetworkProfile.builtInNames.map { "\($0).json" })
        #expect(try NetworkProfile.builtIn("carrier-pigeon") == nil)
    }

    @Test(arguments: NetworkProfile.builtInNames) func `that is built in is complete`(name: String) throws {
        let profile = try #require(try NetworkProfile.builtIn(name))
        #expect(profile.name == name && profile.kind.rawValue == name)
        #expect(try Data(contentsOf: Self.folder.appendingPathComponent("\(name).json")).count < 4096)
        let sources = try #require(profile.provenance)
        #expect(sources.count >= 2 && sources.allSatisfy { $0.heartbeats >= 1000 && $0.origin?.isEmpty == false })
        // The calibration covers exactly the recordings of its provenance.
        #expect(Set(try #require(profile.calibration).log10Errors.keys) == Set(sources.map(\.trace)))
        for states in profile.lateness.tables.values {
            let sum = states.joined().reduce(0, +)
            #expect(abs(sum - LatenessProfile.heartbeats) < 200)
        }
    }

    @Test(arguments: [true, false]) func `survives a round trip through JSON`(isMeasured: Bool) throws {
        var profile = try NetworkProfile(json: Array(Self.text.utf8))
        if !isMeasured {
            profile.provenance = nil
            profile.calibration = nil
        }
        let json = try JSONEncoder().encode(profile)
        #expect(try NetworkProfile(json: json) == profile)
    }

    @Test(arguments: [["bursts"], ["log10_error"], ["bursts", "log10_error"]])
    func `is read with the keys that version 0.1.0 wrote`(present: [String]) throws {
        let former = ["bursts": "patches", "log10_error": "decades"]
        let text = try present.reduce(Self.text) { text, key in
            text.replacingOccurrences(of: "\"\(key)\":", with: "\"\(try #require(former[key]))\":")
        }
        #expect(text != Self.text)
        let profile = try NetworkProfile(json: Array(text.utf8))
        #expect(profile == (try NetworkProfile(json: Array(Self.text.utf8))))
        #expect(profile.calibration?.log10Errors == ["a.csv": 0.1])
        let written = String(decoding: try JSONEncoder().encode(profile), as: UTF8.self)
        #expect(written.contains("\"bursts\":") && written.contains("\"log10_error\":"))
        #expect(!written.contains("\"patches\"") && !written.contains("\"decades\""))
    }

    @Test func `may have assumed provenance`() throws {
        let start = try #require(Self.text.range(of: #""provenance":["#)?.lowerBound)
        let end = try #require(Self.text.range(of: "}],")?.upperBound)
        let text = Self.text.replacingCharacters(in: start..<end, with: #""provenance":"assumed","#)
        #expect(try NetworkProfile(json: Array(text.utf8)).provenance == nil)
    }

    @Test(arguments: [
        Fault(
            #""schema":1"#, #""schema":2"#, says: #""schema" must be 1, the only schema this version reads, found 2"#),
        Fault(#""schema":1"#, #""schema":"one""#, says: #""schema" must be the whole number 1"#),
        Fault(#""schema":1,"#, "", says: #""schema" must be the whole number 1"#),
        Fault(#""name":"depot""#, #""name":"Depot""#, says: #""name" must be 1 to 40 letters a–z"#, #"found "Depot""#),
        Fault(#""name":"depot""#, #""name":"4g""#, says: #""name" must be"#, "starting with a letter"),
        Fault(#""name":"depot""#, #""name":7"#, says: #""name" must be"#),
        Fault(#""kind":"wifi""#, #""kind":"wire""#, says: #""kind" must be one of lan, wan, wifi"#),
        Fault(#""estimator":"counted","#, "", says: #""estimator" must be a text"#),
        Fault(#""nodes":3"#, #""nodes":0"#, says: #""provenance[0].nodes" must be a whole number above 0"#),
        Fault(#""heartbeats":5000"#, #""heartbeats":1.5"#, says: #""provenance[0].heartbeats" must be"#),
        Fault(#""sha256":"0"#, #""sha256":"x"#, says: #""provenance[0].sha256" must be 64 hexadecimal digits"#),
        Fault(
            #""log10_error":{"a.csv":0.1}"#, #""log10_error":[1]"#, says: #""calibration.log10_error" must be numbers"#),
        Fault(#""deviation_intervals":0.25"#, #""deviation_intervals":9"#, says: "deviation_intervals", "from 0 to 8"),
        Fault("[100000]", "[99999,-1]", says: #""lateness.last[0][1]" must be a count from 0 to 100000, found -1"#),
        Fault("[100000]", "[99999,0.5]", says: #""lateness" must be"#, "whole numbers"),
        Fault("[100000]", "7", says: #""lateness.last[0]" must be lists of lists"#),
        Fault(#""last""#, #""first""#, says: #""lateness.first" must be one of last, schedule, bursts"#),
        Fault("}", "", says: "JSON"), Fault("{", "[", says: "JSON"),
    ]) func `that is invalid names the field and the valid values`(fault: Fault) throws {
        let range = try #require(Self.text.range(of: fault.right))
        let text = Self.text.replacingCharacters(in: range, with: fault.wrong)
        let error = #expect(throws: InvalidNetworkProfile.self) { try NetworkProfile(json: Array(text.utf8)) }
        for word in fault.words { #expect(error?.description.contains(word) ?? false, "\(error as Any)") }
    }

    @Test(arguments: ["", "null", "7", "[]", "{}", "\u{0}", "{\"schema\":1e99}"])
    func `is not read from unrelated text`(text: String) {
        #expect(throws: InvalidNetworkProfile.self) { try NetworkProfile(json: Array(text.utf8)) }
    }

    struct Fault: Sendable, CustomStringConvertible {
        let right: String
        let wrong: String
        let words: [String]
        init(_ right: String, _ wrong: String, says words: String...) {
            (self.right, self.wrong, self.words) = (right, wrong, words)
        }
        var description: String { wrong }
    }

    private static let text = """
        {"schema":1,"name":"depot","kind":"wifi","description":"A hall.","estimator":"counted",\
        "provenance":[{"trace":"a.csv","sha256":"\(String(repeating: "0", count: 64))","heartbeats":5000,"nodes":3,\
        "origin":null}],"calibration":{"heartbeats":100,"policy":"mistakes=1/100hb","log10_error":{"a.csv":0.1}},\
        "deviation_intervals":0.25,"lateness":{"last":[[100000]],"schedule":[[50000],[50000],[]],"bursts":[[],[],[],[],[],[0,99990]]}}
        """
}
