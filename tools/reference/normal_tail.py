#!/usr/bin/env python3
"""Reference values of the standard normal distribution's upper tail, for NormalTailTests.

Writes z and ln Q(z), Q(z) = P(Z > z), computed with 60 digits by mpmath (pip install mpmath). Every z is a double,
written so that reading it gives that double again; ln Q has 25 digits, more than a double holds.

    tools/reference/normal_tail.py > Tests/PhiAccrualTests/References/normal_tail.csv
"""

import math

from mpmath import erfc, log, log1p, mp, mpf, nstr, sqrt

mp.dps = 60


def log_tail(z: float):
    x = mpf(z)
    if x < 0:
        return log1p(-erfc(-x / sqrt(2)) / 2)
    return log(erfc(x / sqrt(2)) / 2)


def points():
    # The body, densely: -40 to 40 in steps of an eighth, and odd multiples of a number that no double hits.
    yield from (k / 8 for k in range(-320, 321))
    yield from (k * 0.3183098861837907 for k in range(-120, 120))
    # Where the code changes its formula: -1 and 30, to the neighbouring double.
    for switch in (-1.0, 30.0):
        for distance in (0.1, 1e-3, 1e-6, 1e-9, 1e-12):
            yield from (switch - distance, switch + distance)
        yield from (math.nextafter(switch, -math.inf), math.nextafter(switch, math.inf))
    # The far tail, to a million deviations.
    yield from (40 * (1e6 / 40) ** (k / 200) for k in range(200))
    yield 1e6


print("z,log_tail")
for z in sorted(set(points())):
    print(f"{z!r},{nstr(log_tail(z), 25, min_fixed=0, max_fixed=0)}")
