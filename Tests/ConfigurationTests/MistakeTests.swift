import PhiAccrual
import Testing

@testable import Configuration

@Suite struct `A configuration error` {
    struct Mistake: Sendable, CustomTestStringConvertible {
        let file: String
        let sentences: [String]
        var testDescription: String { file.replacing("\n", with: "⏎") }

        init(_ file: String, _ sentences: String...) { (self.file, self.sentences) = (file, sentences) }
    }
    private static let policies = "write for example 'phi=8', 'price=1000', or 'mistakes=1/30d,within=3s'"
    private static let names = "use 1 to 64 bytes of UTF-8 without '/' or control characters"
    private static let endpoints = "write for example tcp://127.0.0.1:7710 or ipc:///run/phi.sock"
    private static let durations = "write a number with its unit, such as 250ms, 1s, 2m, 24h, or 7d"

    @Test(arguments: [
        // Keys.
        Mistake("levles: {}", #"phi.yaml:1: unknown key "levles": did you mean "levels"?"#),
        Mistake("\n\nLEVELS:\n  a: phi=8", #"phi.yaml:3: unknown key "LEVELS": did you mean "levels"?"#),
        Mistake("join-within: 3s", #"phi.yaml:1: unknown key "join-within": did you mean "join_within"?"#),
        Mistake(
            "colour: red",
            #"phi.yaml:1: unknown key "colour": expected one of heartbeats, connect, shard, events, control, detector, profile, "#
                + "levels, retention, join_within, groups, nodes, hold, damping, trust_again_after, state, record, limits, http, log"
        ),
        Mistake("limits:\n  node: 5", #"phi.yaml:2: unknown key "node": did you mean "nodes"?"#),
        Mistake("hold: {sahre: 1}", #"phi.yaml:1: unknown key "sahre": did you mean "share"?"#),
        Mistake(
            "record:\n  folder: r\n  size: 5MB",
            #"phi.yaml:3: unknown key "size": expected one of folder, file_size, total_size"#),
        Mistake("damping: {flap: 3}", #"phi.yaml:1: unknown key "flap": did you mean "flaps"?"#),
        Mistake("groups:\n  edge:\n    level: {}", #"phi.yaml:3: unknown key "level": did you mean "levels"?"#),
        Mistake(
            "groups: {edge: {retention: 1h}}", #"phi.yaml:1: unknown key "retention": expected one of levels, expect"#),
        Mistake("nodes: {a/b: {expect: []}}", #"phi.yaml:1: unknown key "expect": expected one of levels"#),
        Mistake(
            "state: a\nlog: json\nlog: logfmt\nstate: b",
            #"phi.yaml:2: duplicate keys in one mapping: "log", "state""#),
        Mistake("[a, b]: c", "phi.yaml:1: a key must be text, not a list or a mapping"),

        // Types.
        Mistake(
            "- a",
            "phi.yaml:1: the configuration must be a mapping of keys to values, such as 'retention: 24h', found a list"),
        Mistake(
            "prose",
            #"phi.yaml:1: the configuration must be a mapping of keys to values, such as 'retention: 24h', found "prose""#
        ),
        Mistake("retention: [1h]", "phi.yaml:1: retention must be a duration such as 24h, found a list"),
        Mistake("join_within: {a: b}", "phi.yaml:1: join_within must be a duration such as 24h, found a mapping"),
        Mistake("detector: [adaptive]", "phi.yaml:1: detector must be a detector such as adaptive, found a list"),
        Mistake("profile: [wifi]", "phi.yaml:1: profile must be the name of a profile, a file, or none, found a list"),
        Mistake(
            "heartbeats: {a: b}", "phi.yaml:1: heartbeats must be an endpoint or a list of endpoints, found a mapping"),
        Mistake("events: [[a]]", "phi.yaml:1: each item of events must be text, found a list"),
        Mistake("events:\n  - tcp://*:1\n  -", "phi.yaml:3: each item of events must be text, found nothing"),
        Mistake(
            "levels: {a: {policy: phi=8}}",
            "phi.yaml:1: levels.a must be a policy such as mistakes=1/1d, found a mapping"),
        Mistake("levels:\n  a:", "phi.yaml:2: levels.a must be a policy such as mistakes=1/1d, found nothing"),
        Mistake("groups: [edge]", "phi.yaml:1: groups must be a mapping of groups by name, found a list"),
        Mistake(
            "groups: {edge: [a]}", "phi.yaml:1: groups.edge must be a mapping with levels and expect, found a list"),
        Mistake(
            "groups: {edge: {expect: {a: b}}}",
            "phi.yaml:1: groups.edge.expect must be a list of node names, found a mapping"
        ),
        Mistake("nodes: [a/b]", "phi.yaml:1: nodes must be a mapping of nodes by group/name, found a list"),
        Mistake("nodes: {a/b: phi=8}", #"phi.yaml:1: nodes.a/b must be a mapping with levels, found "phi=8""#),
        Mistake("limits: 5", #"phi.yaml:1: limits must be a mapping with nodes and events, found "5""#),
        Mistake(
            "hold: yes",
            #"phi.yaml:1: hold must be off, a share such as 0.5, or a mapping with share, min_excess, and max_duration, found "yes""#
        ),
        Mistake(
            "hold: [a]",
            "phi.yaml:1: hold must be off, a share such as 0.5, or a mapping with share, min_excess, and max_duration, found a list"
        ),
        Mistake(
            "damping: on",
            #"phi.yaml:1: damping must be off or a mapping with flaps, within, and quiet_period, found "on""#),
        Mistake(
            "record: [a]",
            "phi.yaml:1: record must be off, a folder, or a mapping with folder, file_size, and total_size, found a list"
        ),
        Mistake("state: {a: b}", "phi.yaml:1: state must be a folder or none, found a mapping"),
        Mistake("log: xml", #"phi.yaml:1: log must be logfmt or json, found "xml""#),
        Mistake("http: :8080", #"phi.yaml:1: http ":8080" is not supported yet: only 'off' is valid"#),

        // Values.
        Mistake("retention: 5", "phi.yaml:1: \"5\" is not a duration: \(durations)"),
        Mistake("retention: 0s", #"phi.yaml:1: "0s" is not above 0: write for example 250ms or 1s"#),
        Mistake("hold: {max_duration: soon}", "phi.yaml:1: \"soon\" is not a duration: \(durations)"),
        Mistake("hold: {max_duration: 61m}", #"phi.yaml:1: "61m" is too long: the maximum is 1h"#),
        Mistake("hold: {share: 1.5}", #"phi.yaml:1: hold.share must be a number above 0 and at most 1, found "1.5""#),
        Mistake(
            "hold: {min_excess: 1}", #"phi.yaml:1: hold.min_excess must be a whole number from 2 to 64, found "1""#),
        Mistake("damping: {flaps: 0}", #"phi.yaml:1: damping.flaps must be a whole number from 1 to 64, found "0""#),
        Mistake(
            "trust_again_after: 0", #"phi.yaml:1: trust_again_after must be a whole number from 1 to 1000, found "0""#),
        Mistake(
            "limits: {nodes: 99999999999999999999}",
            #"phi.yaml:1: limits.nodes must be a whole number from 1 to 2147483647, found "99999999999999999999""#),
        Mistake(
            "record: {folder: r, file_size: 64}",
            #"phi.yaml:1: "64" is not a size: write a number with a unit, such as 500KB, 64MB, or 1GB"#),
        Mistake(
            "record:\n  folder: r\n  file_size: 2GB",
            "phi.yaml:3: record.total_size must be at least record.file_size, but 1GB is less than 2GB"),
        Mistake("record:\n  file_size: 2MB", "phi.yaml:2: record needs a folder: set record.folder"),
        Mistake(
            "detector: casandra",
            #"phi.yaml:1: invalid detector "casandra": unknown detector 'casandra'; expected: "#
                + DetectorSpec.names.joined(separator: ", ")),
        Mistake("profile: wired", #"phi.yaml:1: no profile is called "wired""#),
        Mistake(
            "detector: normal\nprofile: wifi",
            "phi.yaml:2: profile needs the detector 'adaptive', but the detector is 'normal,window=1000,floor=0.1'"),
        Mistake("control: nonsense", "phi.yaml:1: \"nonsense\" is not an endpoint: '://' is missing; \(endpoints)"),
        Mistake(
            "connect:\n  - tcp://*:1\n  - dove://x",
            "phi.yaml:3: \"dove://x\" is not an endpoint: 'dove' is not a known transport; \(endpoints)"),
        Mistake("events: ipc://", "phi.yaml:1: \"ipc://\" is not an endpoint: nothing follows '://'; \(endpoints)"),
        Mistake(
            "events: tcp://host",
            "phi.yaml:1: \"tcp://host\" is not an endpoint: host and port are missing; \(endpoints)"),
        Mistake(
            "events: tcp://host:99999",
            "phi.yaml:1: \"tcp://host:99999\" is not an endpoint: '99999' is not a port: use 0 to 65535, or '*' for a free one; "
                + endpoints),
        Mistake(
            "heartbeats: []",
            "phi.yaml:1: heartbeats and connect are both empty: name at least one endpoint to receive heartbeats from"
        ),
        Mistake("control: []", "phi.yaml:1: control must name at least one endpoint"),

        // Levels, groups, nodes.
        Mistake("levels: {}", "phi.yaml:1: levels must name at least one level"),
        Mistake(
            "levels: {a: certainty=9}",
            "phi.yaml:1: invalid policy \"certainty=9\": unknown policy 'certainty'; \(policies)"),
        Mistake(
            "levels: {a/b: phi=9}",
            "phi.yaml:1: invalid level name \"a/b\": '/' separates group and node; \(names)"),
        Mistake("levels: [suspect]", #"phi.yaml:1: level "suspect" has no policy: write for example 'suspect=phi=8'"#),
        Mistake("levels: a=phi=1 a=phi=2", #"phi.yaml:1: level "a" is defined twice"#),
        Mistake(
            "levels: a=phi=1 b=phi=1 c=phi=1 d=phi=1 e=phi=1 f=phi=1 g=phi=1 h=phi=1 i=phi=1",
            "phi.yaml:1: there are 9 levels, but at most 8 are possible"),
        Mistake(
            "detector: akka\nlevels:\n  suspect: phi=8\n  evict: mistakes=1/1d",
            "phi.yaml:4: invalid policy \"mistakes=1/1d\": only the adaptive detector supports it; "
                + "baseline detectors support 'phi=8'; \(policies)"),
        Mistake(
            "groups:\n  edge:\n    levels:\n      suspct: phi=8",
            #"phi.yaml:4: unknown level "suspct": did you mean "suspect"?"#),
        Mistake(
            "nodes:\n  a/b:\n    levels: {page: phi=8}",
            #"phi.yaml:3: unknown level "page": expected one of suspect, evict"#),
        Mistake(
            "detector: normal\ngroups: {edge: {levels: {suspect: price=9}}}",
            "phi.yaml:2: invalid policy \"price=9\": only the adaptive detector supports it; "
                + "baseline detectors support 'phi=8'; \(policies)"),
        Mistake("groups: {'-': {}}", "phi.yaml:1: invalid group name \"-\": '-' is reserved; \(names)"),
        Mistake(
            "nodes: {edge: {}}", #"phi.yaml:1: "edge" is not a node: write its group and name, such as edge/edge-1"#),
        Mistake("nodes: {edge/: {}}", "phi.yaml:1: invalid node name \"\": it is empty; \(names)"),
        Mistake(
            "groups:\n  edge:\n    expect: [a, b/c]",
            "phi.yaml:3: invalid node name \"b/c\": '/' separates group and node; \(names)"),
        Mistake(
            "groups:\n  edge:\n    expect:\n      - a\n      - b\n      - a",
            #"phi.yaml:6: node "edge/a" is expected twice, first at phi.yaml:4"#),
        Mistake(
            "groups: {edge: {expect: [a, b]}}\nlimits: {nodes: 1}",
            "phi.yaml:1: 2 nodes are expected, but limits.nodes is only 1"),

        // Invalid YAML.
        Mistake(
            "a: [1, 2", "phi.yaml:2: invalid YAML: did not find expected ',' or ']' (while parsing a flow sequence)"),
        Mistake("a: b: c", "phi.yaml:1: invalid YAML: mapping values are not allowed in this context"),
        Mistake(
            "log: json\n\tstate: x",
            "phi.yaml:2: invalid YAML: found a tab character that violates indentation (while scanning a plain scalar)"
        ),
        Mistake(
            "log: json\n---\nlog: json",
            "phi.yaml:2: invalid YAML: but found another document (expected a single document in the stream)"),
        Mistake("log: j\nstate: \u{1}", "phi.yaml:2: invalid YAML: control characters are not allowed"),
        Mistake("a: *b", "phi.yaml:1: invalid YAML: found undefined alias"),
        Mistake("log: json\nb: &b c", "phi.yaml:2: anchors (&) and aliases (*) are not supported: write the value out"),
    ]) func `is reported with its line and a valid alternative`(mistake: Mistake) {
        #expect(problems(mistake.file) == mistake.sentences)
    }

    @Test func `does not hide other errors`() {
        let file = """
            retention: soon
            levels: {suspect: phi=-1, evict: phi=12}
            hold: {shar: 1}
            groups:
              edge:
                levels: {evcit: phi=3}
            trust_again_after: x
            limits: {nodes: 5, evnts: 5}
            """
        let lines = problems(
            file, environment: ["PHI_TRUST_AGAIN_AFTER": "0"], options: [.init("--log", "log", text: "prose")])
        #expect(
            lines.map { $0.prefix(while: { $0 != " " }) } == [
                "phi.yaml:1:", "phi.yaml:2:", "phi.yaml:3:", "phi.yaml:7:", "phi.yaml:8:", "PHI_TRUST_AGAIN_AFTER:",
                "--log:",
            ])
        // Names of levels are checked only if the levels themselves are valid.
        #expect(problems("trust_again_after: x\ngroups: {edge: {levels: {evcit: phi=3}}}").count == 2)
    }

    @Test func `in the environment or an option is reported with its name`() {
        #expect(
            problems(environment: ["PHI_HOLD": "{shar: 1}"]) == [
                #"PHI_HOLD: unknown key "shar": did you mean "share"?"#
            ])
        #expect(
            problems(environment: ["PHI_STATE": "[a"]) == [
                "PHI_STATE: invalid YAML: did not find expected ',' or ']' (while parsing a flow sequence)"
            ])
        #expect(
            problems(options: [.init("--max-nodes", "limits", "nodes", text: "0")]) == [
                #"--max-nodes: limits.nodes must be a whole number from 1 to 2147483647, found "0""#
            ])
        #expect(
            problems(options: ["x", "y", "x"].map { .init("--expect", "groups", "edge", "expect", list: [$0]) }) == [
                #"--expect: node "edge/x" is expected twice, first at --expect"#
            ])
        let level = ["suspect=phi=3", "suspect=phi=4"]
        #expect(
            problems(options: level.map { .init("--group-level", "groups", "edge", "levels", list: [$0]) }) == [
                #"--group-level: level "suspect" is set twice, first at --group-level"#
            ])
    }

    @Test func `names the present name of a renamed key`() {
        let file = """
            hold: {least: 3, longest: 30s}
            damping:
              calm: 1m
            steady: 3
            """
        #expect(
            problems(file) == [
                #"phi.yaml:1: "least" is now "min_excess""#, #"phi.yaml:1: "longest" is now "max_duration""#,
                #"phi.yaml:3: "calm" is now "quiet_period""#, #"phi.yaml:4: "steady" is now "trust_again_after""#,
            ])
        let environment = ["PHI_STEADY": "3", "PHI_HOLD": "{least: 3}", "PHI_DAMPING": "{calm: 1m}"]
        #expect(
            problems(environment: environment) == [
                #"PHI_DAMPING: "calm" is now "quiet_period""#, #"PHI_HOLD: "least" is now "min_excess""#,
                "PHI_STEADY: this variable is now PHI_TRUST_AGAIN_AFTER",
            ])
        // An empty variable sets nothing. A former name has no meaning anywhere else.
        #expect(problems(environment: ["PHI_STEADY": ""]) == [])
        #expect(problems("hold: {steady: 3}") != problems("hold: {least: 3}"))
        #expect(problems("least: 3").first?.contains("unknown key") == true)
    }

    @Test func `is reported for hostile text too`() {
        let million = 1_000_000
        #expect(
            problems(String(repeating: "#", count: (1 << 20) + 1)) == [
                "phi.yaml:1: the file is larger than 1048576 bytes"
            ])
        for nest in ["[", "{a: ", "- ", "? "] {
            let text = String(repeating: nest, count: million / nest.count)
            #expect(problems(text) == ["phi.yaml:1: the YAML is nested too deeply"], "\(nest)")
        }
        let bomb = "a: &a [x, x]\n" + (1...40).map { "b\($0): &b\($0) [*a, *a]\n" }.joined()
        #expect(
            problems(bomb) == [
                "phi.yaml:1: anchors (&) and aliases (*) are not supported: write the value out"
            ])
        let long = String(repeating: "x", count: million)
        let said = problems("hold: \(long)")
        #expect(said.count == 1 && said[0].count < 1100)
        #expect(problems("\(long): 1").count == 1)
        let keys = (1...5_000).map { "k\($0): 1\n" }.joined()
        #expect(problems(keys).count == 5_000)
        #expect(
            problems("state: \"\\u001b[31m\"\nlog: \"\\u001b\"") == [
                #"phi.yaml:2: log must be logfmt or json, found "\u{1b}""#
            ])
        let notText = ConfigurationSources(file: ("phi.yaml", [0x61, 0xFF, 0x62]))
        #expect { try notText.read { throw NoProfile(name: $0) } } throws: {
            "\($0)" == "phi.yaml:1: the file is not valid UTF-8"
        }
    }

    @Test func `is reported if too many groups and nodes have their own policies`() {
        func nodes(_ range: ClosedRange<Int>) -> String {
            "{\(range.map { "a/\($0): {levels: suspect=phi=8}" }.joined(separator: ", "))}"
        }
        let most = PolicyTable.maxScopes
        #expect(
            problems("nodes: \(nodes(1...20_000))", environment: ["PHI_NODES": nodes(20_001...(most + 1))]) == [
                "PHI_NODES: policies are set for more than 60000 groups and nodes, the maximum"
            ])
    }

    @Test func `is not reported for values at the bounds of a rule`() throws {
        for least in [2, 64] {
            #expect(try read("hold: {min_excess: \(least)}").configuration.hold == HoldRule(minExcess: least))
        }
        for flaps in [1, 64] {
            let recovery = try read("damping: {flaps: \(flaps)}\ntrust_again_after: 1000").configuration.recovery
            #expect(recovery == RecoveryRule(minConsecutive: 1000, flaps: flaps))
        }
    }

    @Test(arguments: 0..<300 as Range<UInt64>) func `never traps the parser`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let pieces = [
            "levels", ": ", "\n", "  ", "- ", "[", "]", "{", "}", ",", "&a", "*a", "?", "\"", "'", "|", ">", "#", "%",
            "!",
            "groups", "edge", "expect", "phi=8", "hold", "\t", "---", "\r\n", "é", "\u{0}", "retention", "1h", "<<",
            "~",
        ]
        let text = (0..<40).map { _ in pieces[Int(random.next() % UInt64(pieces.count))] }.joined()
        _ = problems(text)
        _ = problems(environment: ["PHI_LEVELS": text, "PHI_GROUPS": text, "PHI_HOLD": text])
    }
}
