// Swift has no word for this hint to the processor.

/// Starts to fetch a cache line that is going to be read and written; does not wait for it. Any address will do.
static inline void phi_prefetch(const void *_Nonnull address) { __builtin_prefetch(address, 1, 3); }
