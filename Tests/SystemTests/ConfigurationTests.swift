import Configuration
import Foundation
import Testing

extension SystemTests {
    @Suite struct `A configuration file` {
        private static let file = """
            # Where nodes and subscribers connect.
            heartbeats: [tcp://127.0.0.1:*]
            events: tcp://127.0.0.1:*
            control: tcp://127.0.0.1:*
            levels:
              suspect: mistakes=1/1d,within=5s
              evict: phi=12
            groups:
              edge:
                levels: {suspect: mistakes=1/7d}
                expect: [edge-1, edge-2]
            nodes:
              edge/edge-1: {levels: {suspect: phi=12}}
            hold: {min_excess: 5}
            """

        @Test func `is printed with the origin of every value`() async throws {
            try await TestBed.run { bed in
                try bed.write(Self.file, to: "phi.yaml")
                let program = try bed.phi(
                    "detect", "--config", "phi.yaml", "--check-config", "--retention", "2d", "--group-level",
                    "core/evict=phi=20")
                #expect(try await program.exit() == 0)
                #expect(program.errors == [])
                #expect(
                    program.output
                        == """
                        heartbeats: [tcp://127.0.0.1:*]  # phi.yaml:2
                        connect: []  # default
                        shard: 1/1  # default
                        events: [tcp://127.0.0.1:*]  # phi.yaml:3
                        control: [tcp://127.0.0.1:*]  # phi.yaml:4
                        detector: adaptive  # default
                        profile: none  # default
                        levels:
                          suspect: mistakes=1/1d,within=5s  # phi.yaml:6
                          evict: phi=12  # phi.yaml:7
                        retention: 2d  # --retention
                        join_within: 1m  # default
                        groups:
                          core:
                            levels:
                              evict: phi=20  # --group-level
                          edge:
                            levels:
                              suspect: mistakes=1/7d  # phi.yaml:10
                            expect:
                              - edge-1  # phi.yaml:11
                              - edge-2  # phi.yaml:11
                        nodes:
                          edge/edge-1:
                            levels:
                              suspect: phi=12  # phi.yaml:13
                        hold:
                          share: 0.5  # default
                          min_excess: 5  # phi.yaml:14
                          max_duration: 30s  # default
                        damping: off  # default
                        trust_again_after: 1  # default
                        state: none  # default
                        record: off  # default
                        limits:
                          nodes: 1000000  # default
                          events: 100000  # default
                        http: off  # default
                        log: logfmt  # default
                        """.split(separator: "\n").map(String.init))
            }
        }

        @Test func `with errors keeps the detector from starting, and every error is reported`() async throws {
            try await TestBed.run { bed in
                let broken = Self.file.replacing("levels:\n", with: "levles:\n").replacing(
                    "phi=12}", with: "phi=twelve}")
                try bed.write(broken, to: "phi.yaml")
                for arguments in [["--check-config"], []] {
                    let program = try bed.phi(["detect", "--config", "phi.yaml", "--control", "nonsense"] + arguments)
                    #expect(try await program.exit() == 2)
                    #expect(program.output == [])
                    #expect(
                        program.errors == [
                            #"phi.yaml:5: unknown key "levles": did you mean "levels"?"#,
                            #"phi.yaml:13: invalid policy "phi=twelve": phi must be a number above 0 and at most "#
                                + "1000000; write for example 'phi=8', 'price=1000', or 'mistakes=1/30d,within=3s'",
                            #"phi: --control: "nonsense" is not an endpoint: '://' is missing; write for example "#
                                + "tcp://127.0.0.1:7710 or ipc:///run/phi.sock",
                        ])
                }
            }
        }

        /// The argument parser needs a literal declaration of each option, so the compiler cannot compare the two lists.
        @Test func `has a command-line option wherever a key declares one`() async throws {
            try await TestBed.run { bed in
                let help = try bed.phi("detect", "--help")
                #expect(try await help.exit() == 0)
                let offered = help.output.compactMap { line in
                    line.hasPrefix("  --") ? line.dropFirst(2).prefix(while: { $0 != " " }).description : nil
                }
                let declared = ConfigurationOption.all.map(\.name)
                #expect(Set(offered) == Set(declared + ["--config", "--check-config", "--version"]))

                let program = try bed.phi(
                    ["detect", "--check-config"] + ConfigurationOption.all.flatMap { [$0.name, $0.example] })
                #expect(try await program.exit() == 0, "\(program.errors)")
                for name in declared { #expect(program.output.contains { $0.hasSuffix("# \(name)") }, "\(name)") }
            }
        }

        @Test func `is reloaded on SIGHUP`() async throws {
            try await TestBed.run { bed in
                try bed.write(Self.file, to: "phi.yaml")
                let program = try bed.phi("detect", "--config", "phi.yaml", "--log", "json")
                _ = try await program.note("ready") { $0.contains(#""message":"ready""#) }
                try Self.change("trust_again_aftr: 3", of: program, in: bed)
                _ = try await program.note("kept") { $0.contains("configuration not reloaded") }
                try Self.change("trust_again_after: 3\nretention: 1h", of: program, in: bed)
                _ = try await program.note("read") { $0.contains("configuration reloaded") }
                program.terminate()
                #expect(try await program.exit() == 0)
                let said = program.errors.joined()
                #expect(said.contains(#"unknown key \"trust_again_aftr\": did you mean \"trust_again_after\"?"#))
                #expect(said.contains("configuration: trust_again_after is now 3"))
                #expect(said.contains("configuration: retention needs a restart to change"))
            }
        }

        /// Appends lines to the file and sends SIGHUP, so that the detector reloads it.
        private static func change(_ lines: String, of program: RunningProgram, in bed: TestBed) throws {
            try bed.write("\(file)\n\(lines)", to: "phi.yaml")
            program.signal(SIGHUP)
        }

        @Test func `from the examples is valid`() async throws {
            try await TestBed.run { bed in
                let program = try bed.phi("detect", "--check-config", "--config", TestBed.root + "/examples/phi.yaml")
                #expect(try await program.exit() == 0, "\(program.errors)")
                #expect(program.errors == [])
            }
        }
    }
}
