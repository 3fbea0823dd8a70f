import PhiAccrual
import Testing

@testable import Configuration

@Suite struct `A configuration` {
    @Test func `that sets nothing has the defaults`() throws {
        let standard = ServiceConfiguration()
        for file in [nil, "", "# nothing yet\n", "---\n", "levels:\nhold:\nlimits: {nodes: }\ngroups: {edge: }"] {
            #expect(try read(file).configuration == standard)
        }
        #expect(standard.levels == Level.standard(for: standard.model))
    }

    @Test func `takes each key from the last source that sets it`() throws {
        let file = """
            events: tcp://file:1
            control: tcp://file:2
            retention: 1h
            join_within: 1h
            hold: {share: 0.1, min_excess: 3}
            limits: {nodes: 10, events: 20}
            state: /file
            """
        let environment = [
            "PHI_RETENTION": "2h", "PHI_JOIN_WITHIN": "2h", "PHI_HOLD": "{share: 0.2}", "PHI_LIMITS": "{nodes: 11}",
            "PHI_STATE": "", "PHI_CONTROL": "tcp://env:1 tcp://env:2",
        ]
        let options = [
            OptionSetting("--retention", "retention", text: "3h"), .init("--max-nodes", "limits", "nodes", text: "12"),
            .init("--events", "events", list: ["tcp://option:1", "tcp://option:2"]),
        ]
        let configuration = try read(file, environment: environment, options: options).configuration
        #expect(configuration.heartbeats == ServiceConfiguration().heartbeats)
        #expect(configuration.control == ["tcp://env:1", "tcp://env:2"])
        #expect(configuration.events == ["tcp://option:1", "tcp://option:2"])
        #expect(configuration.retention == .seconds(3 * 3600))
        #expect(configuration.joinWithin == .seconds(2 * 3600))
        #expect(configuration.hold == HoldRule(share: 0.2, minExcess: 3))
        #expect((configuration.limits.nodes, configuration.limits.events) == (12, 20))
        #expect(configuration.state == "/file")
    }

    @Test func `records the origin of each policy`() throws {
        let file = """
            levels: {suspect: phi=1, evict: phi=2}
            groups:
              edge: {levels: {suspect: phi=3, evict: phi=4}}
            nodes:
              edge/edge-1: {levels: {suspect: phi=5}}
            """
        let environment = ["PHI_GROUPS": "{edge: {levels: suspect=phi=6}}"]
        let options = [OptionSetting("--group-level", "groups", "core", "levels", list: ["evict=phi=7"])]
        let policies = try read(file, environment: environment, options: options).configuration.policies
        #expect(policies.levels.map(\.name) == ["suspect", "evict"])
        #expect(policies.said(0) == "phi=1 (file)")
        #expect(policies.said(0, of: "edge/edge-2") == "phi=6 (environment, group edge)")
        #expect(policies.said(1, of: "edge/edge-2") == "phi=4 (file, group edge)")
        #expect(policies.said(0, of: "edge/edge-1") == "phi=5 (file, node edge/edge-1)")
        #expect(policies.said(1, of: "core/a") == "phi=7 (option, group core)")

        let levels = "suspect=mistakes=1/30d,within=3s evict=phi=12"
        let other = try read(
            "levels: {late: phi=1}", environment: ["PHI_LEVELS": levels],
            options: [.init("--group-level", "groups", "edge", "levels", list: ["evict=phi=7"])]
        ).configuration.policies
        #expect(other.levels.map(\.name) == ["suspect", "evict"])
        #expect(other.said(0) == "mistakes=1/30d,within=3s (environment)")
    }

    @Test func `defaults to its detector's levels`() throws {
        #expect(try read("detector: akka,threshold=12").configuration.policies.said() == "phi=12 (default)")
        #expect(try read("detector: normal").configuration.levels.map(\.name) == ["suspect"])
    }

    @Test func `that connects to nodes binds no heartbeat endpoint by default`() throws {
        #expect(try read("connect: tcp://node:1").configuration.heartbeats == [])
        let both = try read("connect: tcp://node:1\nheartbeats: tcp://*:7710").configuration
        #expect((both.heartbeats, both.connect) == (["tcp://*:7710"], ["tcp://node:1"]))
    }

    @Test func `merges the expected nodes of all sources without duplicates`() throws {
        let configuration = try read(
            "groups: {edge: {expect: [b, 'with blank']}, core: {expect: a b}}",
            environment: ["PHI_GROUPS": "{edge: {expect: c}}"],
            options: ["edge/b", "edge/d"].map {
                .init("--expect", "groups", "edge", "expect", list: [String($0.dropFirst(5))])
            }
        ).configuration
        let names = ["edge/b", "edge/with blank", "core/a", "core/b", "edge/c", "edge/d"]
        #expect(configuration.expected.map(\.description) == names)
    }

    @Test func `lets a later source turn a feature off or on again`() throws {
        let file =
            "hold: {share: 0.3, min_excess: 9}\ndamping: {within: 5m}\nrecord: {folder: r, file_size: 1MiB}\nstate: s\nprofile: p"
        let on = try read(file, lateness: { _ in try .bare() }).configuration
        #expect(on.hold == HoldRule(share: 0.3, minExcess: 9))
        #expect(on.recovery == RecoveryRule(flaps: 5, within: 300_000_000_000))
        #expect(on.record?.fileSize == 1 << 20)
        #expect((on.state, on.profile) == ("s", "p"))
        let words = ["HOLD": "off", "DAMPING": "off", "RECORD": "off", "STATE": "none", "PROFILE": "none"]
        let environment = Dictionary(uniqueKeysWithValues: words.map { ("PHI_\($0)", $1) })
        let off = try read(file, environment: environment).configuration
        #expect((off.hold, off.recovery.flaps, off.record) == (nil, nil, nil))
        #expect((off.state, off.profile) == (nil, nil))
        let again = [OptionSetting("--hold", "hold", text: "0.25"), .init("--record", "record", text: "r2")]
        let last = try read(file, environment: environment, options: again)
        #expect(last.configuration.hold == HoldRule(share: 0.25))
        #expect(last.configuration.record == RecordingBounds(folder: "r2"))
        for line in ["  share: 0.25  # --hold", "  min_excess: 3  # default", "damping: off  # PHI_DAMPING"] {
            #expect(last.yaml.contains(line))
        }
    }

    @Test func `warns about unknown PHI_ variables`() throws {
        let environment = [
            "PHI_LEVLES": "a", "PHI_COLOUR": "red", "PHI_CONFIG": "phi.yaml", "PHI_PYTHON": "python3", "PATH": "/bin",
            "PHI_WARNINGS_AS_ERRORS": "1",
        ]
        #expect(
            try read(environment: environment).warnings == [
                #"unknown environment variable "PHI_COLOUR" is ignored"#,
                #"unknown environment variable "PHI_LEVLES" is ignored: did you mean "PHI_LEVELS"?"#,
            ])
    }

    @Test func `survives a round trip through YAML`() throws {
        let file = """
            heartbeats: ["tcp://[::1]:7710", "ipc://a b,c", tcp://*:1]
            levels: {suspect: "mistakes=1/30d,within=3s", "a: \\"odd\\" # one": phi=2.5, off: phi=9}
            groups: {"null": {levels: {off: phi=3}}, edge: {expect: ["-1", "é", "~", "x: y", "\\u200e"]}}
            nodes: {edge/edge-1: {levels: {suspect: price=1000}}}
            hold: {share: 0.3, min_excess: 5, max_duration: 1500ms}
            damping: {flaps: 3, within: 90s, quiet_period: 1ms}
            record: {folder: "/var/lib/my phi", file_size: 1000KB, total_size: 3GiB}
            state: "Null"
            trust_again_after: 4
            """
        let first = try read(file)
        let second = try read(first.yaml.joined(separator: "\n"))
        #expect(second.configuration == first.configuration)
        #expect(second.configuration.levels.map(\.name) == ["suspect", #"a: "odd" # one"#, "off"])
    }
}
