import Foundation
import PhiAccrual
import Testing

@Suite struct `The registry of detectors` {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")

    /// The texts of all files of a folder with this extension.
    private static func texts(in folder: String, ofType type: String) throws -> [String] {
        let folder = root.appending(path: folder)
        let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
        return try files.compactMap { $0 as? URL }.filter { $0.pathExtension == type }
            .map { try String(contentsOf: $0, encoding: .utf8) }
    }
    private static func models(_ entries: [DetectorRegistry.Entry]) throws -> [String] {
        var names = TypeNames()
        return try entries.map { try $0.spec.open(&names) }
    }

    @Test func `lists each model exactly once`() throws {
        let declarations = try Self.texts(in: "Sources/PhiAccrual", ofType: "swift").flatMap { text in
            text.matches(of: /public struct (\w+): (?:Arrival|Baseline)Model/).map { String($0.output.1) }
        }
        #expect(declarations.count == 10)
        #expect(try Self.models(DetectorRegistry.all).sorted() == declarations.sorted())
    }
    @Test func `gives each model and preset a unique name`() {
        #expect(
            DetectorSpec.names == [
                "adaptive", "normal", "fixed", "logistic", "akka", "pekko", "hazelcast", "exponential", "cassandra",
                "chitchat", "chen", "bertier", "two-window", "empirical", "self-tuning",
            ])
        #expect(Set(DetectorSpec.names).count == DetectorSpec.names.count)
        for entry in DetectorRegistry.all { #expect(entry.spec.description.split(separator: ",")[0] == entry.name) }
    }
    /// Loops over heartbeats are five to ten times slower for a model that they are not specialised for.
    @Test func `has specialised loops for each model`() throws {
        let texts = try Self.texts(in: "Sources/PhiAccrual", ofType: "swift")
        func specializations(_ text: String) -> [String] {
            text.matches(of: /@specialized\(where Model == (\w+)\)/).map { String($0.output.1) }
        }
        let models = try Self.models(DetectorRegistry.all)
        let registry = try #require(texts.first { $0.contains("public enum DetectorRegistry") })
        #expect(specializations(registry).sorted() == models.sorted())
        let detector = try #require(texts.first { $0.contains("public struct Detector<Model: ArrivalModel>") })
        for model in models { #expect(specializations(detector).count { $0 == model } >= 3, "\(model)") }
    }

    @Test func `gives each compared baseline a place and a sweep of sixty values`() throws {
        #expect(DetectorRegistry.compared.map(\.place) == Array(0..<DetectorRegistry.compared.count))
        #expect(DetectorRegistry.all.filter { $0.place == nil }.map(\.name) == ["adaptive", "self-tuning"])
        for entry in DetectorRegistry.compared {
            let sweep = try #require(entry.sweep(interval: 1e8))
            #expect(sweep.labels.count == 60 && Set(sweep.labels).count == 60, "\(entry.name)")
            #expect(sweep.passes.reduce(0) { $0 + $1.policies.count } == 60)
        }
        #expect(DetectorRegistry.adaptive.sweep(interval: 1e8)?.labels.count == DetectorRegistry.prices.count)
        #expect(DetectorRegistry.baselines.last?.sweep(interval: 1e8) == nil)
    }
    @Test func `sweeps only parameters that may be written`() throws {
        for interval in [1, 1e8, 1e30] {
            for entry in DetectorRegistry.compared {
                let sweep = try #require(entry.sweep(interval: interval))
                for (spec, _) in sweep.passes { #expect(try DetectorSpec(parsing: spec.description) == spec) }
            }
        }
    }
    @Test func `knows the parameters under which policies are compared`() {
        #expect(DetectorRegistry.comparedParameters(interval: 1e8) == NormalModel.Parameters(floor: 0))
        #expect(
            DetectorRegistry.comparedParameters(ExponentialModel.Parameters.self, interval: 1e8).initialInterval
                == .milliseconds(100))
    }

    @Test func `agrees with the documentation`() throws {
        let readme = try String(contentsOf: Self.root.appending(path: "README.md"), encoding: .utf8)
        let pages = try Self.texts(in: "docs", ofType: "md") + [readme]
        for preset in DetectorRegistry.all.flatMap(\.presets) {
            #expect(pages.contains { $0.contains("`\(preset.names[0])`") }, "\(preset.names[0]) is not documented")
        }
        let comparisons = pages.flatMap { $0.matches(of: /against each  (.*)/).map(\.output.1) }
        #expect(!comparisons.isEmpty)
        for line in comparisons {
            let names = line.split(separator: ", ").compactMap { $0.split(separator: " ").first.map(String.init) }
            #expect(names == DetectorRegistry.compared.map(\.name))
        }
    }
}

private struct TypeNames: ModelVisitor {
    typealias Outcome = String

    func visit<Model: ArrivalModel>(_ model: Model.Type, _ parameters: Model.Parameters) -> String { "\(model)" }
}
