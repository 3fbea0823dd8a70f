import Foundation
import Testing

extension SystemTests {
    @Suite struct `A comparison` {
        @Test func `writes its page to a file`() async throws {
            try await TestBed.run { bed in
                try madeUpTrace().write(toFile: bed.path("a&b.csv"), atomically: false, encoding: .utf8)
                let comparison = try bed.phi("compare", "a&b.csv", "--html", "page.html")
                #expect(try await comparison.exit() == 0, "\(comparison.errors)")
                #expect(!comparison.output.isEmpty)
                let page = try bed.contents("page.html")
                #expect(page.hasPrefix("<!DOCTYPE html>") && page.hasSuffix("</html>\n"))
                #expect(page.contains("<h3>a&amp;b</h3>"))
            }
        }
    }
}
