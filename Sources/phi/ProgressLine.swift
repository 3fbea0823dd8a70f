/// Progress of a long operation, on one line of standard error.
///
/// The line is written at most ten times a second, and only to a terminal.
struct ProgressLine {
    private let clock = ContinuousClock()
    private var next: ContinuousClock.Instant
    private var isShown = false

    /// - Parameter delay: No progress is shown before this time has passed.
    init(after delay: Duration) { next = clock.now + delay }

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
