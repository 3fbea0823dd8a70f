import Benchmark
import HeartbeatProtocol
import PhiAccrual

/// Decoding alone: compact frames, contiguous in memory.
struct DecodedFrames: Workload {
    let heartbeats = 1000
    let bytesPerNode: Int? = nil
    private var frames: [UInt8] = []

    init() {
        for number in 0..<heartbeats {
            frames += HeartbeatFrame.encode(
                Heartbeat(key: NodeKey(rawValue: UInt64(number)), sequence: UInt32(number), sent: 1))
        }
    }

    func prepare() {}
    func run() {
        frames.withUnsafeBytes { bytes in
            for number in 0..<heartbeats {
                let frame = number * HeartbeatFrame.compactSize..<(number + 1) * HeartbeatFrame.compactSize
                blackHole(try? HeartbeatFrame.decode(UnsafeRawBufferPointer(rebasing: bytes[frame])).heartbeat.sequence)
            }
        }
    }
}

/// The timing wheel alone, with `nodes` entries. Each entry is due once a second and is then scheduled again.
struct TurningWheel: Workload {
    let heartbeats = 1000
    let bytesPerNode: Int? = nil
    private var wheel = TimingWheel()
    private var now: Int64 = 0  // ns

    init(nodes: Int) {
        var random = SplitMix64(seed: 1)
        for entry in 0..<nodes { wheel.schedule(entry, at: Int64.random(in: 0..<1_000_000_000, using: &random)) }
    }

    func prepare() {}
    mutating func run() {
        var left = heartbeats
        while left > 0, let next = wheel.nextInstant() {
            now = max(now, next)
            while left > 0, let entry = wheel.popDue(at: now) {
                wheel.schedule(entry, at: now + 1_000_000_000)
                left -= 1
            }
        }
    }
}
