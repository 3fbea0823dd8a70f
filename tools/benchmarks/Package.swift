// swift-tools-version: 6.1
import PackageDescription

// A separate package, so that building Phi does not build it. `tools/bench` builds it.
let package = Package(
    name: "phi-benchmarks",
    platforms: [.macOS("26.0")],
    dependencies: [
        .package(name: "phi", path: "../.."),
        // Without traits: the allocation counters are not used.
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
    ],
    targets: [
        .executableTarget(
            name: "Heartbeats",
            dependencies: [
                .product(name: "Benchmark", package: "benchmark"), .product(name: "PhiAccrual", package: "phi"),
                .product(name: "PhiClient", package: "phi"),
            ],
            path: "Benchmarks/Heartbeats",
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
        .executableTarget(
            name: "Service",
            dependencies: [.product(name: "PhiClient", package: "phi"), .product(name: "PhiAccrual", package: "phi")],
            path: "Service"),
    ],
    swiftLanguageModes: [.v6]
)
