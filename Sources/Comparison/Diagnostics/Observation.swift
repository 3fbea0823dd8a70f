import PhiAccrual

/// What one detector sees on its way through a trace.
struct Observation {
    /// φ at the end of each judged gap.
    private(set) var reached: [Double] = []
    let fit: GapFit
    let tracks: [ExcerptTrack]

    init<Model: ArrivalModel>(
        of run: DetectorRun<Model>, _ trace: RecordedArrivals, lengths: [Double], excerpts: [Window]
    ) {
        var reached: [Double] = []
        var recorder = GapFitRecorder(lengths, trace)
        var tracks = [ExcerptTrack](repeating: ExcerptTrack(), count: excerpts.count)
        run.run(trace) { step, detector in
            if step.isJudged, let phi = detector.phi(of: step.key, at: Instant(nanoseconds: step.now)) {
                reached.append(phi)
            }
            for index in excerpts.indices { tracks[index].note(before: step, detector, excerpts[index]) }
        } after: { step, detector in
            recorder.note(after: step, detector)
            for index in excerpts.indices { tracks[index].note(after: step, detector, excerpts[index]) }
        }
        (self.reached, self.tracks, fit) = (reached, tracks, recorder.fit)
    }
}
