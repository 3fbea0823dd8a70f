import TestSupport
import Testing

/// Tests of the real programs, as separate processes on real sockets.
///
/// They run one after the other: in parallel they would compete for cores and delay each other's deadlines.
@Suite(.serialized, .slowTestsOnRequest) struct SystemTests {}
