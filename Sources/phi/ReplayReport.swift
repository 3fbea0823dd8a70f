import Evaluation
import HeartbeatProtocol
import PhiAccrual

/// The result of a replay: one JSON object, or a table.
struct ReplayReport: Encodable {
    struct Timing: Encodable {
        var seconds: Double
        var heartbeats: Int
    }
    var trace: String
    var detector: String
    /// Nil for a detector that is configured by its parameters alone.
    var policy: String?
    /// Name of the profile that the groups started with; nil: none.
    var profile: String?
    var quality: QualityReport
    var timing: Timing?

    private enum Keys: String, CodingKey {
        case trace, detector, policy, profile, samples, nodes, losses, mistakes, calibration
        case interval = "interval_seconds"
        case observed = "observed_seconds"
        case undefinedDeadlines = "undefined_deadlines"
        case mistakesPerSecond = "mistake_rate_per_second"
        case mistakesPerHeartbeat = "mistake_rate_per_heartbeat"
        case mistakeDuration = "mistake_duration_seconds"
        case mistakeRecurrence = "mistake_recurrence_seconds"
        case queryAccuracy = "query_accuracy"
        case margin = "margin_seconds"
        case delay = "delay_seconds"
        case detectionTime = "detection_time_seconds"
        case detectionTimeP99 = "detection_time_p99_seconds"
        case elapsed = "elapsed_seconds"
        case heartbeatsPerSecond = "heartbeats_per_second"
    }
    private struct EncodedCalibration: Encodable {
        let calibration: Calibration
        private enum Keys: String, CodingKey {
            case phi, expected, observed
            case log10Error = "log10_error"
        }
        func encode(to encoder: any Encoder) throws {
            var object = encoder.container(keyedBy: Keys.self)
            try object.encode(calibration.phi, forKey: .phi)
            try object.encode(calibration.expected, forKey: .expected)
            try object.encode(calibration.observed, forKey: .observed)
            try object.encode(calibration.log10Error, forKey: .log10Error)
        }
    }

    // Values that the trace does not determine are null, so every key is always present.
    func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Keys.self)
        try object.encode(trace, forKey: .trace)
        try object.encode(detector, forKey: .detector)
        try object.encode(policy, forKey: .policy)
        try object.encode(profile, forKey: .profile)
        try object.encode(quality.samples, forKey: .samples)
        try object.encode(quality.nodes, forKey: .nodes)
        try object.encode(quality.interval, forKey: .interval)
        try object.encode(quality.losses, forKey: .losses)
        try object.encode(quality.observedTime, forKey: .observed)
        try object.encode(quality.undefinedDeadlines, forKey: .undefinedDeadlines)
        try object.encode(quality.mistakes, forKey: .mistakes)
        try object.encode(quality.mistakeRate, forKey: .mistakesPerSecond)
        try object.encode(quality.mistakesPerHeartbeat, forKey: .mistakesPerHeartbeat)
        try object.encode(quality.mistakeDuration, forKey: .mistakeDuration)
        try object.encode(quality.mistakeRecurrence, forKey: .mistakeRecurrence)
        try object.encode(quality.queryAccuracy, forKey: .queryAccuracy)
        try object.encode(quality.margin, forKey: .margin)
        try object.encode(quality.delay, forKey: .delay)
        try object.encode(quality.detectionTime, forKey: .detectionTime)
        try object.encode(quality.detectionTimeP99, forKey: .detectionTimeP99)
        try object.encode(quality.calibration.map(EncodedCalibration.init), forKey: .calibration)
        if let timing {
            try object.encode(timing.seconds, forKey: .elapsed)
            try object.encode(Double(timing.heartbeats) / max(1e-9, timing.seconds), forKey: .heartbeatsPerSecond)
        }
    }

    var table: [String] {
        var rows = [
            ("trace", trace),
            (
                "detector",
                [detector, profile.map { "profile \($0)" }, policy].compactMap { $0 }.joined(separator: "; ")
            ),
            ("heartbeats", "\(quality.samples) of \(counted(quality.nodes, "node")), \(quality.losses) lost"),
            ("interval", seconds(quality.interval)),
            ("mistakes", mistakes),
            ("between mistakes", seconds(quality.mistakeRecurrence)),
            ("mistakes last", seconds(quality.mistakeDuration)),
            ("query accuracy", quality.queryAccuracy.map { "\($0.decimals(6))" } ?? "-"),
            ("detection time", "\(seconds(quality.detectionTime)) mean, \(seconds(quality.detectionTimeP99)) p99"),
            ("mean timeout", seconds(quality.margin)),
        ]
        for line in quality.calibration where line.log10Error != nil {
            rows.append(
                (
                    "φ > \(line.phi.decimals(0))",
                    "\(line.observed.decimals(0)) times, \(line.expected.formattedToThreeDigits) expected "
                        + "(log10 error \((line.log10Error ?? 0).decimals(2)))"
                ))
        }
        if let timing {
            let perSecond = Double(timing.heartbeats) / max(1e-9, timing.seconds)
            rows.append(
                ("replayed in", "\(timing.seconds.formattedDuration), \(perSecond.decimals(0)) heartbeats per second"))
        }
        return rows.map { "\($0.0.padded(to: 18))\($0.1)" }
    }

    private func seconds(_ value: Double?) -> String { value?.formattedDuration ?? "-" }
    private var mistakes: String {
        let count = counted(quality.mistakes, "false suspicion")
        guard let rate = quality.mistakesPerHeartbeat, rate > 0 else { return count }
        return "\(count), 1 in \((1 / rate).decimals(0)) heartbeats"
    }
}
