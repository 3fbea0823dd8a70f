import PhiAccrual
import Testing

@testable import Configuration

@Suite struct `The declared keys` {
    private static let family = ConfigurationKey.all.flatMap(\.family)

    @Test func `have one name and one variable each`() {
        #expect(Set(Self.family.map(\.path)).count == Self.family.count)
        for key in ConfigurationKey.all {
            #expect(key.variable == "PHI_\(key.name.uppercased())")
            for part in key.codec.parts {
                #expect(part.path == "\(key.name).\(part.name)")
                #expect(part.variable == nil)
            }
        }
    }

    @Test(arguments: ConfigurationOption.all.map(\.name)) func `are set by their options`(name: String) throws {
        let option = try #require(ConfigurationOption.all.first { $0.name == name })
        let settings = try option.settings([option.example])
        #expect(settings.count == 1)
        let effective = try read(options: settings, lateness: { _ in try .bare() })
        #expect(effective.yaml.contains { $0.hasSuffix("# \(name)") }, "\(effective.yaml)")
        #expect(try option.settings([]).isEmpty)
    }

    @Test(arguments: ["--group-level", "--expect"]) func `of a group need its name in the option`(name: String) throws {
        let option = try #require(ConfigurationOption.all.first { $0.name == name })
        let error = #expect(throws: OptionWithoutGroup.self) { try option.settings(["suspect"]) }
        #expect(error?.description.hasPrefix("\(name) \"suspect\" ") == true)
    }

    /// A key whose values a reload neither applies nor refuses would be ignored without a word.
    @Test func `are applied or refused by a reload`() throws {
        let changes = [
            "heartbeats: tcp://*:1", "connect: tcp://a:1\nheartbeats: tcp://127.0.0.1:7710", "shard: 1/2",
            "events: tcp://*:1", "control: tcp://*:1", "detector: normal", "profile: wifi", "levels: {a: phi=1}",
            "retention: 1h", "join_within: 1h", "groups: {a: {expect: b}}", "nodes: {a/b: {levels: suspect=phi=3}}",
            "hold: off", "damping: {}", "trust_again_after: 2", "state: s", "record: r", "limits: {events: 1}",
            "log: json",
        ]
        let keys = changes.compactMap { $0.split(separator: ":").first.map(String.init) }
        #expect(keys == ConfigurationKey.all.map(\.name).filter { $0 != "http" })
        let old = try read().configuration
        for change in changes {
            let reload = try read(change, lateness: { _ in try .bare() }).configuration.changes(from: old)
            #expect(reload.applied.count + reload.refused.count >= 1, "\(change)")
        }
    }
}
