import PhiAccrual
import Testing

@Suite struct `The choice of a detector` {
    @Test(
        arguments: [
            ("adaptive", .adaptive(.init())), ("normal", .normal(.init())),
            ("normal,window=500", .normal(.init(window: 500))),
            ("normal,floor=0.05,window=2", .normal(.init(window: 2, floor: 0.05))), ("akka", .logistic(.akka)),
            ("hazelcast", .logistic(.hazelcast)), ("cassandra", .exponential(.cassandra)),
            ("chitchat", .exponential(.chitchat)),
        ] as [(String, ModelChoice)])
    func `is read as it is written`(text: String, choice: ModelChoice) throws {
        #expect(try ModelChoice(parsing: text) == choice)
        #expect(try ModelChoice(parsing: choice.description) == choice)
    }
    @Test(arguments: ModelChoice.names) func `may be any name that is listed`(name: String) throws {
        let choice = try ModelChoice(parsing: name)
        #expect(try ModelChoice(parsing: choice.description) == choice)
    }
    @Test func `is made for the φ asked for, where it has one of its own`() throws {
        #expect(try ModelChoice(parsing: "akka").ownPhi == 8)
        #expect(try ModelChoice(parsing: "hazelcast").ownPhi == 10)
        #expect(try ModelChoice(parsing: "akka").made(forPhi: 12) == ModelChoice(parsing: "akka,threshold=12"))
        #expect(try ModelChoice(parsing: "cassandra").ownPhi == nil)
        #expect(try ModelChoice(parsing: "normal").made(forPhi: 12) == .normal(.init()))
    }
    @Test(arguments: [
        ("", "'' is not a detector known here"), ("Chen", "'Chen' is not a detector known here"),
        ("adaptive,x=1", "adaptive has no parameters"),
        ("normal,", "'' is no parameter of normal; there are window and floor"),
        ("normal,size=5", "'size' is no parameter of normal; there are window and floor"),
        ("normal,window", "window must be a whole number from 2 to 100000, not ''"),
        ("normal,window=1", "window must be a whole number from 2 to 100000, not '1'"),
        ("normal,floor=-1", "floor must be a number from 0 to 100, not '-1'"),
        ("normal,floor=nan", "floor must be a number from 0 to 100, not 'nan'"),
    ])
    func `is refused with the reason`(text: String, reason: String) {
        let error = #expect(throws: InvalidModelChoice.self) { try ModelChoice(parsing: text) }
        #expect(error?.reason == reason)
    }
}
