import Evaluation
import PhiAccrual
import Testing

@Suite struct `The end of a suspicion` {
    private var endings = SuspicionEndings<String>()

    @Test mutating func `shows a mistake if the node is heard under the same incarnation`() {
        for verdict in [.trusted, .learning, .left] as [Verdict] {
            endings.apply(.suspected, of: "a", incarnation: 7)
            endings.apply(verdict, of: "a", incarnation: 7)
        }
        #expect(endings.mistakes == 3 && endings.restarts == 0)
    }
    @Test mutating func `shows a restart if the node is heard under another incarnation`() {
        endings.apply(.suspected, of: "a", incarnation: 7)
        endings.apply(.trusted, of: "a", incarnation: 8)
        #expect(endings.mistakes == 0 && endings.restarts == 1)
    }
    @Test mutating func `shows nothing if the node is forgotten, or another node is heard`() {
        endings.apply(.suspected, of: "a", incarnation: 7)
        endings.apply(.trusted, of: "b", incarnation: 7)
        endings.apply(.forgotten, of: "a", incarnation: 7)
        endings.apply(.trusted, of: "a", incarnation: 7)
        #expect(endings.mistakes == 0 && endings.restarts == 0)
    }
}
