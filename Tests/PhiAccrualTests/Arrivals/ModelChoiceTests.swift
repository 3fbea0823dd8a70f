import PhiAccrual
import Testing

@Suite struct `The choice of a detector` {
    @Test(
        arguments: [
            ("normal", .normal(.init())), ("normal,window=500", .normal(.init(window: 500))),
            ("normal,floor=0.05,window=2", .normal(.init(window: 2, floor: 0.05))),
        ] as [(String, ModelChoice)])
    func `is read as it is written`(text: String, choice: ModelChoice) throws {
        #expect(try ModelChoice(parsing: text) == choice)
        #expect(try ModelChoice(parsing: choice.description) == choice)
    }
    @Test(arguments: [
        ("", "'' is not a detector known here"), ("chen", "'chen' is not a detector known here"),
        ("normal,", "'' is no parameter of normal"), ("normal,size=5", "'size=5' is no parameter of normal"),
        ("normal,window", "window must be a whole number from 2 to 100000"),
        ("normal,window=1", "window must be a whole number from 2 to 100000"),
        ("normal,window=100001", "window must be a whole number from 2 to 100000"),
        ("normal,floor=-1", "floor must be a number from 0 to 100 (intervals)"),
        ("normal,floor=nan", "floor must be a number from 0 to 100 (intervals)"),
    ])
    func `is refused with the reason`(text: String, reason: String) {
        let error = #expect(throws: InvalidModelChoice.self) { try ModelChoice(parsing: text) }
        #expect(error?.reason == reason)
        #expect(error?.text == text)
    }
}
