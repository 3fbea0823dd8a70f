// The C library under one name: a file that calls POSIX functions imports Platform, and needs no `#if`.
#if canImport(Glibc)
    @_exported import Glibc
#elseif canImport(Musl)
    @_exported import Musl
#else
    @_exported import Darwin
#endif
