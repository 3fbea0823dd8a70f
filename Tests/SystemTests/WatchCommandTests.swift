import Foundation
import HeartbeatProtocol
import PhiAccrual
import TestSupport
import Testing

extension SystemTests {
    @Suite struct `A watcher with a command` {
        @Test func `runs it for each matching event, in the order of each node's events`() async throws {
            try await TestBed.run { bed in
                let detector = try await bed.detector()
                let hook = #"cat >> "$PHI_EVENT_NODE"; echo "$PHI_EVENT_NODE $PHI_EVENT_TO $PHI_EVENT_SEQUENCE""#
                let watch = try await bed.watch(detector, running: hook)
                let goodbyes = try await bed.watch(detector, running: "echo $PHI_EVENT_TO", "--to", "left")
                let names = ["a", "b", "c"]
                let nodes = try names.map { try bed.beat($0, to: detector) }
                for name in names { try await watch.transition(of: name, to: .trusted) }
                for node in nodes { node.terminate() }
                for name in names {
                    _ = try await watch.note("\(name)'s goodbye") { $0.hasPrefix("\(name) left ") }
                    try await goodbyes.transition(of: name, to: .left)
                }
                for name in names {
                    let events = watch.output.filter { $0.contains("\"node\":\"\(name)\"") }
                    #expect(try bed.contents(name) == events.map { $0 + "\n" }.joined())
                    let published = watch.transitions.filter { $0.node == name }.map {
                        "\(name) \($0.to.rawValue) \($0.place.sequence)"
                    }
                    #expect(watch.errors.filter { $0.hasPrefix("\(name) ") } == published)
                }
                #expect(goodbyes.transitions.map(\.to) == [.left, .left, .left])
                watch.terminate()
                #expect(try await watch.exit() == 0)
                #expect(watch.errors.last == "\(watch.output.count) commands run, 0 failed")
            }
        }

        @Test func `reports which commands failed and how, and exits with 1`() async throws {
            try await TestBed.run { bed in
                let detector = try await bed.detector()
                // The limit of 3 s leaves the other commands enough time on a busy machine.
                let hook = "case $PHI_EVENT_TO in learning) exit 3;; trusted) kill -9 $$;; left) exec sleep 1000;; esac"
                let watch = try await bed.watch(detector, running: hook, "--exec-timeout", "3s")
                let node = try bed.beat("n", to: detector)
                try await watch.transition(of: "n", to: .trusted)
                node.terminate()
                for ending in [
                    "ended with exit status 3", "was killed by signal 9",
                    "exceeded its time limit of 3 s and was killed",
                ] {
                    let note = try await watch.note(ending) { $0.hasSuffix(ending) }
                    #expect(note.hasPrefix("command for event ") && note.contains(" of lab/n "))
                }
                watch.terminate()
                #expect(try await watch.exit() == 1)
                #expect(watch.errors.last?.hasSuffix(", 3 failed") == true, "\(watch.errors)")
            }
        }

        // In the first command, every process ignores SIGTERM. In the second, the shell ends on it and leaves behind a
        // child that ignores it.
        @Test(arguments: ["trap '' TERM; sleep 1000 & sleep 1000", "(trap '' TERM; exec sleep 1000) & sleep 1000"])
        func `ends all processes of a command that takes too long`(hook: String) async throws {
            try await TestBed.run { bed in
                let detector = try await bed.detector()
                let watch = try await bed.watch(detector, running: hook, "--exec-timeout", "100ms", "--to", "learning")
                _ = try bed.beat("n", to: detector)
                _ = try await watch.note("its end") { $0.hasSuffix("exceeded its time limit of 100 ms and was killed") }
                watch.terminate()
                // A remaining process would keep the watcher's standard error open.
                #expect(try await watch.exit() == 1)
            }
        }

        @Test(.enabled(if: FileManager.default.fileExists(atPath: "/proc/self/fd"), "reads /proc"))
        func `passes only the event and standard error to the command`() async throws {
            try await TestBed.run { bed in
                let detector = try await bed.detector()
                // `grep` reads its own masks: the shell blocks signals briefly while it waits for a child.
                let hook = "(ls -l /proc/$$/fd > files); grep -E '^Sig(Blk|Ign)' /proc/self/status > signals; echo told"
                let watch = try bed.phi(
                    after: "trap '' TERM INT PIPE; (ls -l /proc/$$/fd > inherited)",
                    ["watch", "--from", detector.events, "--control", detector.control, "--exec", hook]
                        + ["--to", "learning", "--start", "beginning"])
                _ = try bed.beat("n", to: detector)
                _ = try await watch.note("told") { $0 == "told" }
                // Descriptor number and target. Files that the watcher itself inherited are passed on, as usual.
                func files(_ name: String) throws -> Set<String> {
                    let lines = try bed.contents(name).split(separator: "\n").dropFirst()
                    return Set(lines.map { $0.split(separator: " ").suffix(3).joined(separator: " ") })
                }
                let own = try files("files").subtracting(files("inherited"))
                #expect(own.allSatisfy { $0.hasPrefix("0 ") || $0.hasPrefix("1 ") }, "\(own)")
                let masks = try bed.contents("signals").split(separator: "\n").map { line in
                    try #require(UInt64(line.split(separator: "\t")[1], radix: 16))
                }
                try #require(masks.count == 2)
                #expect(masks[0] == 0)
                for signal in [SIGTERM, SIGINT, SIGPIPE] { #expect(masks[1] & 1 << UInt64(signal - 1) == 0) }
            }
        }

        @Test func `waits for running commands on SIGTERM, and starts no more`() async throws {
            try await TestBed.run { bed in
                let detector = try await bed.detector()
                let hook = "echo begun $PHI_EVENT_TO; while [ ! -e go ]; do sleep 0.1; done; echo ended $PHI_EVENT_TO"
                let watch = try await bed.watch(detector, running: hook)
                _ = try bed.beat("n", to: detector)
                try await watch.transition(of: "n", to: .trusted)
                _ = try await watch.note("begun") { $0 == "begun learning" }
                watch.terminate()
                _ = try await watch.note("waiting") { $0 == "waiting for 1 running command to end" }
                try "".write(toFile: bed.path("go"), atomically: false, encoding: .utf8)
                #expect(try await watch.exit() == 0)
                #expect(watch.errors.filter { $0.hasPrefix("begun ") } == ["begun learning"])
                #expect(watch.errors.contains("ended learning"))
                #expect(watch.errors.last == "1 command run, 0 failed; no command started for 1 event")
            }
        }

        @Test(.tags(.slow)) func `loses no event when its commands are slower than the events`() async throws {
            try await TestBed.run { bed in
                let detector = try await bed.detector()
                let hook = "while [ ! -e go ]; do sleep 0.1; done; echo seen $PHI_EVENT_SEQUENCE"
                let watch = try await bed.watch(detector, running: hook, "--jobs", "2")
                let swarm = try bed.phi(
                    "swarm", "--to", detector.heartbeats, "--nodes", "400", "--every", "250ms", "--for", "3s")
                #expect(try await swarm.exit() == 0)
                let full = try await watch.note("that it waits") { $0.contains("slower than events") }
                #expect(full.contains("1000 events are queued"))
                let last = try await bed.status(of: detector).service.sequence
                #expect(last > 1002)
                try "".write(toFile: bed.path("go"), atomically: false, encoding: .utf8)
                for sequence in 1...last {
                    _ = try await watch.note("event \(sequence)") { $0 == "seen \(sequence)" }
                }
                watch.terminate()
                #expect(try await watch.exit() == 0)
                #expect(watch.errors.filter { $0.hasPrefix("seen ") }.count == Int(last))
            }
        }
    }
}

extension TestBed {
    /// Starts a subscriber that runs a command for each event, and waits until it has the current state.
    fileprivate func watch(
        _ detector: RunningDetector, running command: String, _ more: String...
    ) async throws -> RunningProgram {
        let watch = try phi(
            ["watch", "--json", "--from", detector.events, "--control", detector.control, "--for", "5m"]
                + ["--exec", command] + more)
        _ = try await watch.note("up to date") { $0.hasPrefix("up to date") }
        return watch
    }
}
