// The C library's functions on floating-point numbers. Each platform's own module of the C library has them too, under
// another name on each.
#include <math.h>
