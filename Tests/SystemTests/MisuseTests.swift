import Foundation
import Testing

extension SystemTests {
    @Suite struct `A command that cannot do what you ask` {
        @Test(arguments: [
            Misuse("explode", says: "explode"),
            Misuse("detect --detector casandra", says: "casandra", "expected", "normal"),
            Misuse("detect --detector normal,window=x", says: "window", "2 to 100000"),
            Misuse("detect --level suspect=certainty=9", says: "certainty", "phi=8"),
            Misuse("detect --level suspect=phi=-1", says: "phi=-1", "above 0"),
            Misuse("detect --level suspect", says: "suspect=phi=8"),
            Misuse("detect --level a=phi=1 --level a=phi=2", says: "\"a\"", "twice"),
            Misuse("detect --retention 5", says: "\"5\"", "250ms"),
            Misuse("detect --log xml", says: "xml", "logfmt"),
            Misuse("detect --http :8080", says: ":8080", "'off'"),
            Misuse("detect --max-nodes 0", says: "1 to 2147483647", "\"0\""),
            Misuse("detect --expect edge-1", says: "--expect", "edge-1", "edge/edge-1"),
            Misuse("detect --expect a/b/c", says: "--expect", "b/c", "64 bytes"),
            Misuse("detect --group-level suspect=phi=8", says: "--group-level", "edge/suspect="),
            Misuse("detect --group-level edge/suspect", says: "suspect", "no policy"),
            Misuse("detect --join-within soon", says: "soon", "250ms"),
            Misuse("detect --hold 2", says: "hold", "share", "\"2\""),
            Misuse("beat --group lab", says: "--node"),
            Misuse("beat --group lab/x --node n", says: "lab/x", "64 bytes"),
            Misuse("beat --group lab --node n --every 0s", says: "0s", "above 0"),
            Misuse("beat --group lab --node n --label zone", says: "zone=eu-1"),
            Misuse("swarm --nodes 5 --crash 9", says: "--crash", "5"),
            Misuse("swarm --nodes 5 --connections 6", says: "--connections", "5"),
            Misuse("swarm --nodes 5 --connections 5 --bind tcp://127.0.0.1:*", says: "--connections", "--to"),
            Misuse("relay --to tcp://127.0.0.1:7710", says: "--from"),
            Misuse("relay --from tcp://*:7710 --to tcp://127.0.0.1:7710", says: "circulate forever", "tcp://*:7720"),
            Misuse("relay --from tcp://*:7720 --to tcp://127.0.0.1:7710 --gather 2s", says: "--gather", "0s to 1s"),
            Misuse("watch --start middle", says: "middle", "snapshot"),
            Misuse("watch --to dead", says: "dead", "--to"),
            Misuse("watch --exec true --jobs 0", says: "--jobs", "1 to 1000"),
            Misuse("watch --exec true --exec-timeout 0s", says: "0s", "above 0"),
            Misuse("explain", says: "<node>"),
            Misuse("explain edge-1", says: "edge-1", "edge/edge-1"),
            Misuse("pause edge/edge-1", says: "--for"),
            Misuse("pause edge/edge-1 --for 2", says: "\"2\"", "250ms"),
            Misuse("pause edge/edge-1 --for 400d", says: "366 days"),
            Misuse("resume a/b/c", says: "a/b/c", "edge/edge-1"),
            Misuse("forget", says: "<node>"),
            Misuse("tune suspect", says: "suspect=phi=8"),
            Misuse("tune suspect=phi=-1", says: "phi=-1", "above 0"),
            Misuse("tune suspect=phi=9 --unset suspect", says: "--unset", "one of them"),
            Misuse("tune suspect=phi=9 --group edge --node edge/edge-1", says: "--group", "--node"),
            Misuse("tune suspect=phi=9 --group a/b", says: "a/b", "64 bytes"),
            Misuse("tune --group edge", says: "--group", "setting"),
            Misuse("tune --what-if certainty=9", says: "certainty", "policy"),
            Misuse("tune --what-if phi=x", says: "phi=x", "above 0"),
            Misuse("tune --what-if evict=phi=x", says: "phi=x", "above 0"),
            Misuse("replay", says: "<trace>"),
            Misuse("replay good.csv --detector casandra", says: "casandra", "expected", "normal"),
            Misuse("replay good.csv --policy certainty=9", says: "certainty", "phi=8"),
            Misuse(
                "replay good.csv --detector adaptive --profile wired", says: "wired", "expected", "cellular", "wifi"),
            Misuse("replay good.csv --detector normal --profile wifi", says: "--profile", "adaptive", "normal"),
            Misuse("detect --detector akka --profile wifi", says: "--profile", "adaptive", "logistic"),
            Misuse("detect --detector adaptive --profile wired", says: "wired", "expected", "cellular"),
            Misuse("fit --name depot -o -", says: "<traces>"),
            Misuse("fit good.csv -o depot.json", says: "--name"),
            Misuse("fit good.csv --name Depot -o -", says: "Depot", "starting with a letter"),
            Misuse("fit good.csv --name depot --kind wire -o -", says: "wire", "--kind"),
            Misuse("fit - --name depot -o -", says: "'-'", "files"),
            Misuse("fit good.csv good.csv --name depot -o -", says: "good.csv", "once"),
            Misuse("fit good.csv --name depot --origin prose.csv=mine -o -", says: "prose.csv", "good.csv"),
            Misuse("fit good.csv --name depot --origin mine -o -", says: "mine", "lan.csv="),
            Misuse("compare", says: "--synthetic"),
            Misuse("compare good.csv --cold-start --check-budgets", says: "--cold-start", "--check-budgets"),
            Misuse("compare good.csv --cold-start --synthetic", says: "--synthetic"),
            Misuse("compare good.csv --check-budgets --hold-out", says: "--hold-out"),
            Misuse("compare good.csv --cold-start --html p.html", says: "--html", "--cold-start"),
            Misuse("compare good.csv --halves", says: "--halves is now --hold-out"),
            Misuse("compare --early good.csv", says: "--early is now --cold-start"),
            Misuse("compare --synthetic --budgets", says: "--budgets is now --check-budgets"),
            Misuse("replay good.csv --unit minutes", says: "minutes", "'ms'"),
            Misuse("demo --every soon", says: "soon", "250ms"),
        ]) func `reports the right usage after a wrong one, and exits with 64`(misuse: Misuse) async throws {
            try await TestBed.run { bed in
                let program = try bed.phi(misuse.arguments)
                #expect(try await program.exit() == 64)
                #expect(program.output == [])
                let error = try #require(program.errors.first)
                #expect(error.hasPrefix("Error: "))
                for word in misuse.words { #expect(error.contains(word), "\(error)") }
                #expect(program.errors.contains { $0.hasPrefix("Usage: phi") })
            }
        }

        @Test(arguments: [
            Misuse("detect --heartbeats nonsense", says: "nonsense", "not an endpoint", "tcp://"),
            Misuse("detect --heartbeats tcp://127.0.0.1:99999", says: "tcp://127.0.0.1:99999", "not a port"),
            Misuse("detect --heartbeats tcp://192.0.2.1:7710", says: "tcp://192.0.2.1:7710", "address"),
            Misuse("detect --config missing.yaml", says: "cannot read missing.yaml", "No such file"),
            Misuse("detect --config .", says: "cannot read .", "directory"),
            Misuse("detect --group-level edge/page=phi=8", says: "--group-level", "page", "suspect, evict"),
            Misuse("detect --heartbeats ipc://no/such/folder/s", says: "ipc://no/such/folder/s", "folder"),
            Misuse(
                "detect --connect carrier-pigeon://x --events tcp://127.0.0.1:*", says: "carrier-pigeon://x", "tcp://"),
            Misuse("beat --to nonsense --group lab --node n", says: "connect to nonsense", "tcp://"),
            Misuse("swarm --to nonsense --nodes 1", says: "connect to nonsense", "tcp://"),
            Misuse("swarm --nodes 1 --truth no/such/folder/t.csv", says: "no/such/folder/t.csv"),
            Misuse("watch --from nonsense", says: "connect to nonsense", "tcp://"),
            Misuse("status --control nonsense", says: "connect to nonsense", "tcp://"),
            Misuse(
                "status --control ipc://missing --timeout 200ms", says: "no answer from ipc://missing", "phi detect"),
            Misuse("explain edge/edge-1 --control nonsense", says: "connect to nonsense", "tcp://"),
            Misuse("tune --control ipc://missing --timeout 200ms", says: "no answer from ipc://missing", "phi detect"),
            Misuse("replay missing.csv", says: "missing.csv", "No such file"),
            Misuse("replay .", says: "directory"),
            Misuse("replay empty.csv", says: "empty.csv", "node,seq,sent_ns,arrival_ns"),
            Misuse(
                "replay prose.csv", says: "prose.csv, line 1", "node,seq,sent_ns,arrival_ns", "It was a dark night."),
            Misuse("replay broken.csv", says: "broken.csv, line 3", "whole number", "soon"),
            Misuse("replay broken.csv.gz", says: "broken.csv.gz"),
            Misuse("compare good.csv missing.csv", says: "missing.csv", "No such file"),
            Misuse("replay -", says: "standard input", "node,seq,sent_ns,arrival_ns"),
            Misuse("replay ping.txt", says: "ping.txt, line 2", "'ping -D'", "64 bytes from 10.0.0.1"),
            Misuse("replay column.txt", says: "column.txt, line 2", "one number", "seconds", "soon"),
            Misuse("replay column.txt --unit ms", says: "column.txt, line 2", "one number", "milliseconds"),
            Misuse("compare missing.csv", says: "missing.csv", "No such file"),
            Misuse("compare .", says: "directory"),
            Misuse("compare good.csv broken.csv", says: "broken.csv, line 3", "whole number", "soon"),
            Misuse("replay good.csv --deadlines no/such/folder/d.csv", says: "no/such/folder/d.csv"),
            Misuse(
                "replay good.csv --detector adaptive --profile ./missing.json", says: "missing.json", "No such file"),
            Misuse("replay good.csv --detector adaptive --profile prose.csv", says: "prose.csv", "JSON", "phi fit"),
            Misuse(
                "replay good.csv --detector adaptive --profile half.json", says: "half.json: \"kind\"", "one of lan"),
            Misuse("detect --detector adaptive --profile half.json", says: "half.json: \"kind\"", "one of lan"),
            Misuse("fit . --name depot -o -", says: "cannot read .", "regular file"),
            Misuse("fit missing.csv --name depot -o -", says: "missing.csv", "No such file"),
            Misuse("fit good.csv --name depot -o -", says: "good.csv", "at least 1000 heartbeats", "found 1"),
            Misuse("fit empty.csv --name depot -o -", says: "empty.csv", "node,seq,sent_ns,arrival_ns"),
            Misuse("fit headed.csv --name depot -o -", says: "headed.csv", "at least 1000 heartbeats", "none"),
            Misuse("compare good.csv --html no/such/folder/p.html", says: "cannot write no/such/folder/p.html"),
            Misuse(
                "compare good.csv --html good.csv", says: "cannot write good.csv", "this command already uses the file"),
        ]) func `reports what failed, and on what, in one sentence, and exits with 2`(misuse: Misuse) async throws {
            try await TestBed.run { bed in
                let good = "node,seq,sent_ns,arrival_ns\na,0,,1\na,1,,2\n"
                let files = [
                    "empty.csv": "", "prose.csv": "It was a dark night.\n", "good.csv": good,
                    "broken.csv": good.replacing(",2\n", with: ",soon\n"), "broken.csv.gz": "\u{1F}\u{8B}\u{8}",
                    "headed.csv": "node,seq,sent_ns,arrival_ns\n",
                    "half.json":
                        #"{"schema":1,"name":"a","kind":"wire","deviation_intervals":0,"lateness":{"last":[[100000]],"#
                        + #""schedule":[[100000],[],[]],"bursts":[[100000],[],[],[],[],[]]}}"#,
                    "ping.txt": "PING web (10.0.0.1) 56(84) bytes of data.\n64 bytes from 10.0.0.1: icmp_seq=1\n",
                    "column.txt": "1732188912.5\nsoon\n",
                ]
                for (name, text) in files {
                    try text.write(toFile: bed.path(name), atomically: false, encoding: .isoLatin1)
                }
                let program = try bed.phi(misuse.arguments)
                #expect(try await program.exit() == 2)
                #expect(program.output == [])
                try #require(program.errors.count == 1, "\(program.errors)")
                #expect(program.errors[0].hasPrefix("phi: "))
                for word in misuse.words { #expect(program.errors[0].contains(word), "\(program.errors)") }
            }
        }

        @Test func `reports which port is in use`() async throws {
            try await TestBed.run { bed in
                let detector = try await bed.detector()
                let free = "tcp://127.0.0.1:*"
                let endpoints = [
                    "--heartbeats": detector.heartbeats, "--events": detector.events, "--control": detector.control,
                ]
                for (option, endpoint) in endpoints {
                    let others = endpoints.keys.filter { $0 != option }.flatMap { [$0, free] }
                    let second = try bed.phi(["detect", option, endpoint] + others)
                    #expect(try await second.exit() == 2)
                    try #require(second.errors.count == 1, "\(second.errors)")
                    #expect(second.errors[0].hasPrefix("phi: cannot bind \(endpoint): "))
                    #expect(second.errors[0].contains("in use"))
                }
            }
        }
    }
}

/// A command line, and words that its error message must contain.
struct Misuse: Sendable, CustomTestStringConvertible {
    let arguments: [String]
    let words: [String]
    let testDescription: String

    init(_ line: String, says words: String...) {
        (testDescription, self.words) = ("phi \(line)", words)
        arguments = line.split(separator: " ").map(String.init)
    }
}
