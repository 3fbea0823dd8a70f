import TestSupport
import Testing

/// What holds only when the real programs meet: each a process of its own, on real sockets.
///
/// One after the other, since they share the machine's cores with each other's deadlines.
@Suite(.serialized, .slowTestsOnRequest) struct SystemTests {}
