import PhiAccrual

/// What one detector sees on its way through a trace.
struct Observation {
    /// φ at the end of each judged gap.
    private(set) var reached: [Double] = []
    let fit: GapFit
    let tracks: [ExcerptTrack]

    init<Model: ArrivalModel>(of walk: Walk<Model>, _ trace: RecordedArrivals, lengths: [Double], excerpts: [Excerpt]) {
        var reached: [Double] = []
        var recorder = GapFitRecorder(lengths, trace)
        var tracks = [ExcerptTrack](repeating: ExcerptTrack(), count: excerpts.count)
        walk.run(trace) { moment, detector in
            if moment.isJudged, let phi = detector.phi(of: moment.key, at: Instant(nanoseconds: moment.now)) {
                reached.append(phi)
            }
            for index in excerpts.indices { tracks[index].note(before: moment, detector, excerpts[index]) }
        } after: { moment, detector in
            recorder.note(after: moment, detector)
            for index in excerpts.indices { tracks[index].note(after: moment, detector, excerpts[index]) }
        }
        (self.reached, self.tracks, fit) = (reached, tracks, recorder.fit)
    }
}
