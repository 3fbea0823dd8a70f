// Swift's module of the C library leaves timerfd out.
#if defined(__linux__)
#include <sys/timerfd.h>
#endif
