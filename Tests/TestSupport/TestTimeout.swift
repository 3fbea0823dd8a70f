/// Maximum time that a test waits for something that must happen, long enough for a machine under load. Only a failing
/// test waits that long.
public let testTimeout: Duration = .seconds(60)
