// Swift's module of the C library omits timerfd.
#if defined(__linux__)
#include <sys/timerfd.h>
#endif
