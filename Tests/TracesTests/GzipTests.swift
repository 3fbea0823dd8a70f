import Testing
import Traces

@Suite struct `A gzipped trace` {
    @Test(arguments: [0, 1, 40_000]) func `reads like the plain trace`(count: Int) throws {
        let trace = longTrace(rows: count)
        let reading = Reading(try gzipped(trace.text))
        #expect(reading.error == nil)
        #expect(reading.rows == trace.rows)
    }
    @Test func `may have several members, as recorders append them`() throws {
        let reading = Reading(try gzipped(header + "a,1,") + gzipped(",5\n") + gzipped("") + gzipped("b,1,,6\n"))
        #expect(reading.error == nil)
        #expect(reading.rows.map(\.arrival) == [5, 6])
    }
    @Test func `that is truncated gives its complete rows and then an error`() throws {
        let trace = longTrace(rows: 40)
        let packed = try gzipped(trace.text)
        var most = 0
        for length in 1..<packed.count {
            let reading = Reading(Array(packed.prefix(length)))
            #expect(reading.error?.reason == "the gzip data ends early: the file is truncated")
            #expect(reading.rows == Array(trace.rows.prefix(reading.rows.count)))
            #expect(reading.rows.count >= most)
            most = max(most, reading.rows.count)
        }
        #expect(most == 40)
    }
    @Test func `that is damaged gives the rows before the damage and its line`() throws {
        let trace = longTrace(rows: 40)
        var packed = try gzipped(trace.text)
        packed[packed.count - 8] ^= 1
        let reading = Reading(packed)
        #expect(reading.rows == trace.rows)
        #expect(
            reading.error?.description == "trace.csv, line 42: the gzip data is damaged: incorrect data check")
    }
    @Test func `does not end silently if a later member is damaged`() throws {
        let first = try gzipped(header + "a,1,,5\n")
        #expect(Reading(first + [0x1F, 0x8C, 8]).error?.reason.hasPrefix("the gzip data is damaged") == true)
        #expect(Reading(first + Array("a,2,,6\n".utf8)).error?.reason.hasPrefix("the gzip data is damaged") == true)
        #expect(Reading(first + [0x1F]).error?.reason == "the gzip data ends early: the file is truncated")
    }
    @Test func `with a damaged byte gives an error or the right rows`() throws {
        let trace = longTrace(rows: 40)
        let packed = try gzipped(trace.text)
        for index in packed.indices {
            var damaged = packed
            damaged[index] ^= 0x11
            let reading = Reading(damaged)
            #expect(reading.error != nil || reading.rows == trace.rows)
        }
    }
    @Test func `that is empty is an error`() throws {
        #expect(Reading(try gzipped("")).error?.line == nil)
        #expect(Reading(try gzipped("")).error != nil)
    }
}
