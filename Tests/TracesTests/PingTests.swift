import Testing
import Traces

/// The lines are output of iputils 20221126, from real runs or with changed numbers and addresses.
@Suite struct `Output of ping -D` {
    @Test func `gives a row for each reply, named by the answering address`() {
        let reading = Reading(
            """
            PING web.example (10.0.0.1) 56(84) bytes of data.
            [1732188912.123456] 64 bytes from web.example (10.0.0.1): icmp_seq=1 ttl=64 time=0.512 ms
            [1732188913.124000] 64 bytes from web.example (10.0.0.1): icmp_seq=2 ttl=64 time=12.3 ms
            [1732188914.300001] 64 bytes from web.example (10.0.0.1): icmp_seq=3 ttl=64 time=250 ms

            --- web.example ping statistics ---
            3 packets transmitted, 3 received, 0% packet loss, time 2003ms
            rtt min/avg/max/mdev = 0.512/87.604/250.000/115.005 ms

            """)
        #expect(reading.error == nil)
        #expect(reading.nodes == ["10.0.0.1"])
        #expect(
            reading.rows == [
                TraceRow(
                    node: 0, sequence: 1, sent: 1_732_188_912_122_944_000, arrival: 1_732_188_912_123_456_000),
                TraceRow(
                    node: 0, sequence: 2, sent: 1_732_188_913_111_700_000, arrival: 1_732_188_913_124_000_000),
                TraceRow(
                    node: 0, sequence: 3, sent: 1_732_188_914_050_001_000, arrival: 1_732_188_914_300_001_000),
            ])
    }
    @Test(arguments: [
        ("64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=0.312 ms", "127.0.0.1"),
        ("64 bytes from ::1: icmp_seq=1 ttl=64 time=0.211 ms", "::1"),
        ("64 bytes from fe80::1%eth0: icmp_seq=1 ttl=64 time=0.2 ms", "fe80::1%eth0"),
        ("64 bytes from gw.example (fe80::1%eth0): icmp_seq=1 ttl=64 time=0.2 ms", "fe80::1%eth0"),
        ("64 bytes from 10.0.0.2: icmp_seq=1 ttl=64 time=0.2 ms (DIFFERENT ADDRESS!)", "10.0.0.2"),
    ]) func `names nodes by IPv4 or IPv6 address`(line: String, node: String) {
        let reading = Reading("[1.5] \(line)\n")
        #expect(reading.error == nil)
        #expect(reading.nodes == [node])
    }
    @Test func `has no send time without a round-trip time`() {
        let reading = Reading("[1795261852.118070] 16 bytes from 127.0.0.1: icmp_seq=1 ttl=64\n")
        #expect(
            reading.rows == [TraceRow(node: 0, sequence: 1, sent: nil, arrival: 1_795_261_852_118_070_000)])
    }
    @Test func `is skipped where it is no reply`() {
        let reading = Reading(
            """
            PATTERN: 0xff
            PING 10.0.0.1 (10.0.0.1) from 10.0.0.9 eth0: 56(84) bytes of data.
            [1.000000] 64 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=0.5 ms
            [2.100000] no answer yet for icmp_seq=2
            [3.100000] From 10.0.0.254 icmp_seq=3 Destination Host Unreachable
            [3.200000] From 10.0.0.254: icmp_seq=4 Redirect Host(New nexthop: 10.0.0.7)
            ping: sendmsg: Network is unreachable
            [5.000000] 64 bytes from 10.0.0.1: icmp_seq=5 ttl=64 time=0.5 ms (BAD CHECKSUM!)
            [6.000000] 64 bytes from 10.0.0.1: icmp_seq=6 ttl=64 time=0.5 ms

            wrong data byte #16 should be 0x10 but was 0x0
            #16	0 0 0 0

            """)
        #expect(reading.error == nil)
        #expect(reading.rows.map(\.sequence) == [1, 6])
    }
    @Test func `keeps duplicate and late replies`() {
        let reading = pings([1, 2, 2, 4, 3, 5])
        #expect(reading.rows.map(\.sequence) == [1, 2, 2, 4, 3, 5])
        let repeated = Reading(
            "[1.0] 64 bytes from a: icmp_seq=1 ttl=64 time=0.5 ms\n"
                + "[1.1] 64 bytes from a: icmp_seq=1 ttl=64 time=101 ms (DUP!)\n")
        #expect(repeated.rows.map(\.sequence) == [1, 1])
        #expect(repeated.rows.map(\.sent) == [999_500_000, 999_000_000])
    }

    // MARK: Sequence numbers

    @Test func `continues numbering where 16 bits wrap`() {
        #expect(pings([65534, 65535, 0, 1]).rows.map(\.sequence) == [65534, 65535, 65536, 65537])
        // A late reply from before the wrap.
        #expect(pings([65534, 0, 65535, 1]).rows.map(\.sequence) == [65534, 65536, 65535, 65537])
        let long = pings((1...70_000).map { $0 % 65536 })
        #expect(long.rows.map(\.sequence) == Array(1...70_000))
    }
    @Test func `continues numbering after an outage of more than 32,768 requests`() {
        // At one request per second, 40,000 unanswered requests take 11 hours. The number alone would look late.
        let lines = [(10, 10.0), (40_010, 40_010.0), (40_011, 40_011.0), (50_000, 50_000.0)]
        let reading = Reading(lines.map { Self.line($0.0, at: $0.1) }.joined())
        #expect(reading.rows.map(\.sequence) == [10, 40_010, 40_011, 50_000])
    }
    @Test func `continues numbering for extreme times`() {
        let reading = Reading(
            "[0.0] 64 bytes from a: icmp_seq=1 ttl=64 time=9223372036854 ms\n"
                + "[9223372036.0] 64 bytes from a: icmp_seq=40001 ttl=64 time=0.1 ms\n")
        #expect(reading.error == nil)
        #expect(reading.rows.map(\.sequence) == [1, 40_001])
    }
    @Test func `starts with the number of its first line`() {
        #expect(pings([60_000, 60_001]).rows.map(\.sequence) == [60_000, 60_001])
        #expect(pings([0, 1]).rows.map(\.sequence) == [0, 1])
    }
    @Test func `continues numbering where a second ping appends to the file`() {
        let first = "PING web (a) 56(84) bytes of data.\n" + Self.line(1, at: 1) + Self.line(2, at: 2)
        let second = "PING web (a) 56(84) bytes of data.\n" + Self.line(1, at: 5000) + Self.line(2, at: 5001)
        #expect(Reading(first + "\n--- web ping statistics ---\n" + second).rows.map(\.sequence) == [1, 2, 3, 4])
    }
    @Test func `distinguishes several targets`() {
        let text =
            "PING a (a) 56(84) bytes of data.\n" + Self.line(1, at: 1) + Self.line(2, at: 2)
            + "PING b (b) 56(84) bytes of data.\n" + Self.line(1, of: "b", at: 2.5) + Self.line(3, at: 3)
            + Self.line(2, of: "b", at: 3.5)
        let reading = Reading(text)
        #expect(reading.nodes == ["a", "b"])
        #expect(reading.rows.map(\.node) == [0, 0, 1, 0, 1])
        #expect(reading.rows.map(\.sequence) == [1, 2, 1, 3, 2])
    }

    // MARK: Errors

    private static let reply =
        "must be a reply such as '64 bytes from 10.0.0.1: icmp_seq=7 ttl=64 time=0.512 ms' "
        + "(LC_ALL=C keeps ping from translating it), found "

    @Test(arguments: [
        (
            "64 bytes from a: icmp_seq=2 ttl=64 time=1 ms",
            "must begin with the time in brackets, as 'ping -D' on Linux prints it, found "
        ),
        (
            "[x] 64 bytes from a: icmp_seq=2 ttl=64 time=1 ms",
            "must begin with seconds in brackets, such as [1732188912.123456], found "
        ),
        (
            "[9999999999.9] 64 bytes from a: icmp_seq=2 ttl=64 time=1 ms",
            "must begin with seconds in brackets, such as [1732188912.123456], found "
        ),
        ("[2.5", "must begin with seconds in brackets, such as [1732188912.123456], found "),
        ("[2.5] 64 bytes fr", reply),
        ("[2.5] 64 octets de a : icmp_seq=2 ttl=64 temps=1 ms", reply),
        ("[2.5] 64 bytes from a: icmp_seq=65536 ttl=64 time=1 ms", reply),
        ("[2.5] 64 bytes from a: icmp_seq=2x ttl=64 time=1 ms", reply),
        ("[2.5] 64 bytes from a: icmp_seq=2 ttl=64 time=-1 ms", reply),
        ("[2.5] 64 bytes from a: icmp_seq=2 ttl=64 time=1e400 ms", reply),
        ("[2.5] 64 bytes from a: icmp_seq=2 ttl=64 time=1", reply),
        ("[2.5] x bytes from a: icmp_seq=2 ttl=64 time=1 ms", reply),
    ]) func `with an error is reported with its line and the valid form`(line: String, reason: String) {
        let reading = Reading("PING a (a)\n" + Self.line(1, at: 1) + line + "\n" + Self.line(3, at: 3))
        #expect(reading.rows.count == 1)
        #expect(reading.error?.description == "trace.csv, line 3: \(reason)\"\(line)\"")
    }
    @Test(arguments: ["x ()", "a,b", "x (a,b)", "a\u{1B}[2J", String(repeating: "a", count: 256)])
    func `must name the answering node`(sender: String) {
        let error = Reading("[2.5] 64 bytes from \(sender): icmp_seq=2 ttl=64 time=1 ms\n").error
        #expect(error?.line == 1)
        #expect(error?.reason.hasPrefix("must name an address of 1 to 255 bytes") == true)
    }
    @Test(arguments: [
        "64 bytes from a: icmp_seq=1 ttl=64 time=0.5 ms", "64 bytes from 8.8.8.8: seq=0 ttl=53 time=47.975 ms",
        "no answer yet for icmp_seq=1", "From 10.0.0.254 icmp_seq=9 Destination Host Unreachable",
    ]) func `without timestamps is refused with a hint at ping -D`(line: String) {
        for text in ["PING a (a) 56(84) bytes of data.\n" + line, "\u{FEFF}\(line)\n"] {
            let error = Reading(text).error
            #expect(error?.line == (text.hasPrefix("PING") ? 2 : 1))
            #expect(error?.reason.contains("'ping -D' on Linux") == true)
        }
    }
    @Test func `must be in order of time`() {
        let reading = Reading(Self.line(1, at: 2) + Self.line(2, at: 1))
        #expect(
            reading.error?.description
                == "trace.csv, line 2: times in brackets must not decrease (split the file where the clock was set back), "
                + "found 1000000000 after 2000000000 ns")
    }
    @Test func `may be torn at its end`() {
        let line = "[2.500000] 64 bytes from a: icmp_seq=21 ttl=64 time=12.5 ms"
        for length in 1..<line.utf8.count {
            let reading = Reading(Self.line(1, at: 1) + line.prefix(length))
            #expect(reading.rows.count == 1)
            #expect(reading.error?.line == 2)
            #expect(reading.error?.reason.hasPrefix("the last line has no line end, so it may be incomplete: ") == true)
        }
        let whole = Reading(Self.line(1, at: 1) + line)
        #expect(whole.error == nil)
        #expect(whole.rows.map(\.sequence) == [1, 21])
    }
    @Test func `may be gzipped, with CRLF and a byte order mark`() throws {
        let text = "\u{FEFF}PING a (a) 56(84) bytes of data.\r\n[1.5] 64 bytes from a: icmp_seq=1 ttl=64 time=1 ms\r\n"
        #expect(Reading(text).rows.count == 1)
        #expect(Reading(try gzipped(text)).rows.count == 1)
    }

    /// The line of a reply that took 0.5 ms.
    private static func line(_ number: Int, of node: String = "a", at seconds: Double) -> String {
        "[\(seconds)] 64 bytes from \(node): icmp_seq=\(number) ttl=64 time=0.500 ms\n"
    }
    /// Parses replies that are 100 ms apart.
    private func pings(_ numbers: [Int]) -> Reading {
        Reading(
            numbers.enumerated().map {
                "[\($0 / 10).\($0 % 10)] 64 bytes from a: icmp_seq=\($1) ttl=64 time=0.500 ms\n"
            }
            .joined())
    }
}
