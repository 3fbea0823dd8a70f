import TestSupport
import Testing

@testable import PhiAccrual

@Suite struct `The rules of mass silence` {
    private let rule = HoldRule(share: 0.5, minExcess: 3, maxDuration: .seconds(30))

    private func sample(overdue: Int, heard: Int = 0, waiting: Int = 0) -> SilenceSample {
        var sample = SilenceSample(heard: heard, waiting: waiting)
        sample.overdue = (0..<overdue).map { ActiveHolds.SampledNode(slot: Int32($0), key: UInt64($0)) }
        return sample
    }
    private func verdict(
        own: SilenceSample, others: SilenceSample = SilenceSample(), isGroupHeard: Bool = false,
        isAnyHeard: Bool = false
    ) -> SilenceVerdict {
        SilenceVerdict(
            own: own, of: 7, others: others, isGroupHeard: isGroupHeard, isAnyHeard: isAnyHeard, under: rule)
    }

    @Test(arguments: [(3, 0, true), (2, 0, false), (4, 1, true), (6, 4, false), (9, 6, true), (0, 0, false)])
    func `need as many more overdue nodes than heard ones, and a share of both`(
        overdue: Int, heard: Int, isMassSilence: Bool
    ) {
        #expect(sample(overdue: overdue, heard: heard).isMassSilence(under: rule) == isMassSilence)
    }
    @Test func `ask for the share even if the excess is large`() {
        let strict = HoldRule(share: 0.9, minExcess: 3)
        #expect(!sample(overdue: 20, heard: 10).isMassSilence(under: strict))
        #expect(sample(overdue: 18, heard: 2).isMassSilence(under: strict))
    }

    @Test func `find a silent group, and a silence of all other groups before it`() {
        let (group, others) = (sample(overdue: 5), sample(overdue: 4, heard: 1))
        #expect(verdict(own: group) == .massSilence(7, group))
        #expect(verdict(own: group, others: others) == .massSilence(nil, others))
        #expect(verdict(own: group, others: sample(overdue: 4, heard: 9), isAnyHeard: true) == .massSilence(7, group))
    }

    @Test func `leave a silence undecided while no node was due to be heard`() {
        let early = sample(overdue: 1, waiting: 2)
        #expect(verdict(own: early) == .undecided(7))
        #expect(verdict(own: early, isGroupHeard: true, isAnyHeard: true) == .single)
        #expect(verdict(own: sample(overdue: 1, heard: 1, waiting: 5)) == .single, "one of them was heard")
        #expect(verdict(own: SilenceSample(), others: early) == .undecided(nil))
        #expect(verdict(own: SilenceSample(), others: early, isAnyHeard: true) == .single)
    }

    @Test func `treat nodes without a group as one`() {
        let many = sample(overdue: 3)
        #expect(SilenceVerdict(all: many, isAnyHeard: true, under: rule) == .massSilence(nil, many))
        #expect(SilenceVerdict(all: sample(overdue: 0, waiting: 3), isAnyHeard: false, under: rule) == .undecided(nil))
        #expect(SilenceVerdict(all: sample(overdue: 0, waiting: 3), isAnyHeard: true, under: rule) == .single)
        #expect(SilenceVerdict(all: sample(overdue: 1), isAnyHeard: false, under: rule) == .single)
    }
}
