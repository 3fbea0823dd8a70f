// swift-tools-version: 6.2
import PackageDescription

// CI sets PHI_WARNINGS_AS_ERRORS. A user's newer compiler may emit warnings that ours does not.
let strict: [SwiftSetting] =
    Context.environment["PHI_WARNINGS_AS_ERRORS"] == nil ? [] : [.treatAllWarnings(as: .error)]

// On Debian, pkg-config's flags for libzmq name folders that make SwiftPM print warnings at each build, and the library
// is on the default paths anyway. Homebrew's library is not, so other platforms use pkg-config.
#if os(Linux)
    let pkgConfigOfZeroMQ: String? = nil
    let pkgConfigOfSodium: String? = nil
#else
    let pkgConfigOfZeroMQ: String? = "libzmq"
    let pkgConfigOfSodium: String? = "libsodium"
#endif

let package = Package(
    name: "phi",
    platforms: [.macOS(.v26)],
    products: [
        .executable(name: "phi", targets: ["phi"]),
        .library(name: "PhiAccrual", targets: ["PhiAccrual"]),
        .library(name: "HeartbeatPublisher", targets: ["HeartbeatPublisher"]),
        .library(name: "PhiClient", targets: ["PhiClient"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // C libraries.
        .systemLibrary(
            name: "CZeroMQ", pkgConfig: pkgConfigOfZeroMQ,
            providers: [.apt(["libzmq3-dev"]), .brew(["zeromq"])]),
        .systemLibrary(
            name: "CSodium", pkgConfig: pkgConfigOfSodium,
            providers: [.apt(["libsodium-dev"]), .brew(["libsodium"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CTimerFD"),
        .systemLibrary(name: "CPrefetch"),
        .systemLibrary(name: "CMath"),

        // What differs between operating systems.
        .target(name: "Platform", dependencies: ["CTimerFD"], path: "Sources/Platform/System", swiftSettings: strict),
        .target(name: "PlatformFoundation", path: "Sources/Platform/Foundation", swiftSettings: strict),

        // The algorithm and other pure code.
        .target(name: "BinaryCoding", swiftSettings: strict),
        .target(name: "PhiAccrual", dependencies: ["BinaryCoding", "CMath", "CPrefetch"], swiftSettings: strict),
        .target(
            name: "HeartbeatProtocol", dependencies: ["PhiAccrual", "PlatformFoundation", "CSodium"],
            swiftSettings: strict),
        .target(name: "Traces", dependencies: ["Platform", "CZlib"], swiftSettings: strict),

        .target(
            name: "Evaluation", dependencies: ["BinaryCoding", "CMath", "PhiAccrual", "Recordings", "Traces"],
            swiftSettings: strict),

        .target(
            name: "Comparison", dependencies: ["CMath", "Evaluation", "PhiAccrual", "Traces"], swiftSettings: strict),
        .target(name: "Charts", dependencies: ["CMath"], swiftSettings: strict),
        .target(
            name: "ComparisonReport",
            dependencies: ["Charts", "Comparison", "Evaluation", "HeartbeatProtocol", "PhiAccrual"],
            swiftSettings: strict),

        // Network profiles. The files in `Network` are embedded.
        .target(
            name: "NetworkProfiles", dependencies: ["PhiAccrual", "PlatformFoundation"], path: "Models",
            exclude: ["Lifecycle", "README.md"],
            resources: [.embedInCode("Network")], swiftSettings: strict),
        .target(
            name: "ProfileFitting",
            dependencies: ["CMath", "Comparison", "CSodium", "NetworkProfiles", "PhiAccrual", "Platform", "Traces"],
            swiftSettings: strict),

        // Sockets, and the threads that wait for them.
        .target(name: "ZeroMQ", dependencies: ["CZeroMQ", "Platform"], swiftSettings: strict),
        .target(
            name: "EventLoop", dependencies: ["CZeroMQ", "PhiAccrual", "Platform", "ZeroMQ"], swiftSettings: strict),

        // The state that survives restarts, and the configuration read at the start.
        .target(
            name: "StateStore",
            dependencies: [
                "BinaryCoding", "HeartbeatProtocol", "PhiAccrual", "Platform", "CZlib",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .target(
            name: "Configuration", dependencies: ["PhiAccrual", "ZeroMQ", .product(name: "Yams", package: "Yams")],
            swiftSettings: strict),
        // Recordings of everything that a detector received.
        .target(
            name: "Recordings", dependencies: ["BinaryCoding", "PhiAccrual", "Platform", "CZlib"],
            swiftSettings: strict),

        // The shells: threads, processes, and the command line.
        .target(
            name: "HeartbeatPublisher", dependencies: ["EventLoop", "HeartbeatProtocol", "PhiAccrual", "ZeroMQ"],
            swiftSettings: strict),
        .target(
            name: "PhiClient", dependencies: ["EventLoop", "HeartbeatProtocol", "PhiAccrual", "ZeroMQ"],
            swiftSettings: strict),
        .target(
            name: "LoadGenerator",
            dependencies: ["EventLoop", "HeartbeatProtocol", "HeartbeatPublisher", "PhiAccrual", "ZeroMQ"],
            swiftSettings: strict),
        // What the relay and the detector share as services that receive heartbeats.
        .target(
            name: "ReceivingService",
            dependencies: [
                "HeartbeatProtocol", "PhiAccrual", "Platform", "ZeroMQ",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .target(
            name: "HeartbeatRelay",
            dependencies: [
                "EventLoop", "HeartbeatProtocol", "PhiAccrual", "Platform", "ReceivingService", "ZeroMQ",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .target(
            name: "DetectorService",
            dependencies: [
                "BinaryCoding", "Evaluation", "EventLoop", "HeartbeatProtocol", "PhiAccrual", "Platform",
                "ReceivingService", "Recordings", "StateStore", "Configuration", "ZeroMQ",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "phi",
            dependencies: [
                "Comparison", "ComparisonReport", "DetectorService", "Evaluation", "EventLoop", "HeartbeatProtocol",
                "HeartbeatPublisher", "HeartbeatRelay", "LoadGenerator", "NetworkProfiles", "PhiAccrual", "PhiClient",
                "Platform", "ProfileFitting", "Recordings", "Configuration", "Traces", "ZeroMQ",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),

        // Tests. Only ZeroMQTests, EventLoopTests, HeartbeatRelayTests, DetectorServiceTests, and SystemTests use
        // real sockets.
        .target(
            name: "TestSupport", dependencies: ["PhiAccrual", "CZlib"], path: "Tests/TestSupport",
            swiftSettings: strict),
        .target(
            name: "SocketTestSupport", dependencies: ["ZeroMQ"], path: "Tests/SocketTestSupport",
            swiftSettings: strict),
        .testTarget(name: "BinaryCodingTests", dependencies: ["BinaryCoding"], swiftSettings: strict),
        .testTarget(
            name: "PhiAccrualTests", dependencies: ["BinaryCoding", "PhiAccrual", "TestSupport"],
            exclude: ["Golden", "References"],
            swiftSettings: strict),
        .testTarget(
            name: "HeartbeatProtocolTests", dependencies: ["HeartbeatProtocol", "PhiAccrual", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "TracesTests", dependencies: ["Traces", "CZlib"], exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(
            name: "EvaluationTests",
            dependencies: ["BinaryCoding", "Evaluation", "PhiAccrual", "Recordings", "Traces", "TestSupport"],
            exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(
            name: "ComparisonTests", dependencies: ["Comparison", "PhiAccrual", "Traces", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "NetworkProfilesTests", dependencies: ["NetworkProfiles", "PhiAccrual"], swiftSettings: strict),
        .testTarget(
            name: "ProfileFittingTests",
            dependencies: ["NetworkProfiles", "PhiAccrual", "ProfileFitting", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "ChartsTests", dependencies: ["Charts", "PhiAccrual", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "ComparisonReportTests",
            dependencies: ["Comparison", "ComparisonReport", "PhiAccrual", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "StateStoreTests",
            dependencies: [
                "BinaryCoding", "HeartbeatProtocol", "PhiAccrual", "Platform", "StateStore", "TestSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            exclude: ["Golden"],
            swiftSettings: strict),
        .testTarget(name: "ConfigurationTests", dependencies: ["PhiAccrual", "Configuration"], swiftSettings: strict),
        .testTarget(
            name: "RecordingsTests", dependencies: ["PhiAccrual", "Recordings", "TestSupport"], exclude: ["Golden"],
            swiftSettings: strict),
        .testTarget(
            name: "ZeroMQTests", dependencies: ["EventLoop", "SocketTestSupport", "ZeroMQ"], swiftSettings: strict),
        .testTarget(
            name: "EventLoopTests", dependencies: ["EventLoop", "PhiAccrual", "SocketTestSupport", "ZeroMQ"],
            swiftSettings: strict),
        .testTarget(
            name: "PhiClientTests", dependencies: ["PhiClient", "HeartbeatProtocol", "PhiAccrual"],
            swiftSettings: strict),
        .testTarget(name: "LoadGeneratorTests", dependencies: ["LoadGenerator", "PhiAccrual"], swiftSettings: strict),
        .testTarget(
            name: "HeartbeatRelayTests",
            dependencies: [
                "EventLoop", "HeartbeatProtocol", "HeartbeatPublisher", "HeartbeatRelay", "PhiAccrual",
                "ReceivingService",
                "TestSupport", "ZeroMQ",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "DetectorServiceTests",
            dependencies: [
                "DetectorService", "HeartbeatProtocol", "HeartbeatPublisher", "PhiAccrual", "PhiClient", "Recordings",
                "StateStore", "Configuration", "EventLoop", "TestSupport", "ZeroMQ",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "SystemTests",
            dependencies: [
                "phi", "BinaryCoding", "Comparison", "HeartbeatProtocol", "PhiAccrual", "PhiClient", "Recordings",
                "StateStore",
                "Configuration", "TestSupport", "ZeroMQ",
            ],
            exclude: ["Scripts"],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
