import PhiAccrual
import Testing

@Suite struct `A mistake` {
    private var rule = MistakeRule()

    @Test mutating func `is an arrival after the deadline, not one at the deadline`() {
        #expect(rule.receive(at: 20, after: 10, deadline: 20) == .inTime)
        rule.setDeadline(25, at: 20)
        #expect(rule.receive(at: 26, after: 20, deadline: 25) == .mistake)
    }
    @Test mutating func `ends with an arrival that sets a deadline no earlier than itself`() {
        #expect(rule.receive(at: 20, after: 10, deadline: 15) == .mistake)
        rule.setDeadline(20, at: 20)
        #expect(!rule.isSuspected)
        #expect(rule.receive(at: 30, after: 20, deadline: 20) == .mistake)
        rule.setDeadline(nil, at: 30)
        #expect(!rule.isSuspected)
    }
    @Test mutating func `continues while each arrival sets a deadline that has already passed`() {
        #expect(rule.receive(at: 20, after: 10, deadline: 15) == .mistake)
        rule.setDeadline(19, at: 20)
        #expect(rule.isSuspected)
        #expect(rule.receive(at: 30, after: 20, deadline: 19) == .stillSuspected)
        rule.setDeadline(29, at: 30)
        // The deadline was postponed meanwhile, so the node was trusted in between.
        #expect(rule.receive(at: 40, after: 30, deadline: 35) == .mistake)
    }
    @Test mutating func `does not begin before the arrival that set the deadline`() {
        #expect(rule.receive(at: 10, after: 10, deadline: 5) == .inTime)
        #expect(MistakeRule.suspicionStart(deadline: 5, last: 10) == 10)
        #expect(MistakeRule.timeout(from: 10, until: 5) == 0)
        #expect(MistakeRule.timeout(from: 10, until: 15) == 5)
        #expect(MistakeRule.timeout(from: .min, until: .max) == .max)
    }
}
