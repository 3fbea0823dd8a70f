import Foundation
import ZeroMQ

/// Measures a detector as a separate process. `tools/bench` runs it several times and prints tables.
@main
struct ServiceBenchmarks {
    static func main() throws {
        let words = Array(CommandLine.arguments.dropFirst())
        let numbers = words.compactMap { Int($0) }
        switch (words.first, words.count, numbers.count) {
        case ("events", 6, 3):
            try EventLatency.measure(
                phi: words[1], nodes: numbers[0], crashes: numbers[1], seconds: numbers[2], state: words[5])
        case ("rate", 4, 2):
            try ReceiveRate.measure(phi: words[1], connections: numbers[0], seconds: numbers[1])
        case ("receive", 1, 0): try ReceiveRate.receiveAlone()
        case ("flood", 4, 2), ("flood", 5, 3):
            let nodes = numbers.count > 2 ? numbers[2] : Flood.fewestNodes
            var flood = try Flood(to: Endpoint(words[1]), connections: numbers[0], nodes: nodes)
            try flood.run(seconds: numbers[1])
        default:
            print(
                """
                usage: Service events PHI NODES CRASHES SECONDS STATE
                       Service rate PHI CONNECTIONS SECONDS
                       Service receive
                       Service flood ENDPOINT CONNECTIONS SECONDS [NODES]
                """)
            exit(64)
        }
    }
}
