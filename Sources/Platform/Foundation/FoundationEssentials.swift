// JSON and text formatting without the rest of Foundation, which adds 45 MB to a static binary. Apple's platforms have
// only Foundation as a whole, and there it costs nothing.
#if canImport(FoundationEssentials)
    @_exported import FoundationEssentials
#else
    @_exported import Foundation
#endif
