import PhiAccrual

/// What one detector run through a trace recorded.
struct Observation {
    /// φ at the end of each judged gap.
    private(set) var reached: [Double] = []
    let fit: GapFit
    let tracks: [WindowTrack]

    init<Model: ArrivalModel>(
        of run: DetectorRun<Model>, _ trace: RecordedArrivals, lengths: [Double], windows: [Window]
    ) {
        var reached: [Double] = []
        var recorder = GapFitRecorder(lengths, trace)
        var tracks = [WindowTrack](repeating: WindowTrack(), count: windows.count)
        run.run(trace) { step, detector in
            if step.isJudged, let phi = detector.phi(of: step.key, at: Instant(nanoseconds: step.now)) {
                reached.append(phi)
            }
            for index in windows.indices { tracks[index].note(before: step, detector, windows[index]) }
        } after: { step, detector in
            recorder.note(after: step, detector)
            for index in windows.indices { tracks[index].note(after: step, detector, windows[index]) }
        }
        (self.reached, self.tracks, fit) = (reached, tracks, recorder.fit)
    }
}
