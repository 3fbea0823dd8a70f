// Swift has no intrinsic for this hint to the processor.

/// Starts to fetch a cache line that will be read and written; does not wait for it. Any address is allowed.
static inline void phi_prefetch(const void *_Nonnull address) { __builtin_prefetch(address, 1, 3); }
