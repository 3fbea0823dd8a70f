/// Maximum time that a test waits for something that must happen, long enough for a machine under load. Only a failing
/// test waits that long.
public let testTimeout: Duration = .seconds(60)

/// The longest time that a program may compute, such as a replay of a day by a debug build beside other work.
public let computationTimeout: Duration = .seconds(600)
