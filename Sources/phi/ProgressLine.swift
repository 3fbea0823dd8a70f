/// Where long work stands, on one line of standard error for people who watch.
///
/// It is written ten times a second at most. A pipe or a file never gets any of it.
struct ProgressLine {
    private let clock = ContinuousClock()
    private var next: ContinuousClock.Instant
    private var isShown = false

    /// - Parameter delay: What is done before that shows nothing.
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
