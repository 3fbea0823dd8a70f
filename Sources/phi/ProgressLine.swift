/// Where long work stands, on one line of standard error for people who watch.
///
/// It appears after a second of work and is written again ten times a second at most; what is quicker shows nothing, and
/// a pipe or a file never gets any of it.
struct ProgressLine {
    private let clock = ContinuousClock()
    private var next: ContinuousClock.Instant
    private var isShown = false

    init() { next = clock.now + .seconds(1) }

    mutating func show(_ text: @autoclosure () -> String) {
        guard Console.showsProgress, clock.now >= next else { return }
        Console.progress(text())
        next = clock.now + .milliseconds(100)
        isShown = true
    }

    mutating func clear() {
        if isShown { Console.progress("") }
        isShown = false
    }
}
