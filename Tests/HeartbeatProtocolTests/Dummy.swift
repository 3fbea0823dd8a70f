import Testing
@Test func `dummy`() { #expect(1 == 1) }
