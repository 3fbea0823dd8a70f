#!/usr/bin/env python3
"""Reference values of the logistic tail that Akka uses, for LogisticTailTests.

Writes y and φ(y) = log10(1 + exp(y (1.5976 + 0.070566 y²))), computed with 60 digits by mpmath (pip install mpmath).
Every y is a double, written so that reading it gives that double again; φ has 25 digits, more than a double holds.

    tools/reference/logistic_tail.py > Tests/PhiAccrualTests/References/logistic_tail.csv
"""

from mpmath import exp, log, log1p, mp, mpf, nstr

mp.dps = 60


def phi(y: float):
    x = mpf(y)
    u = x * (mpf("1.5976") + mpf("0.070566") * x * x)
    return (u + log1p(exp(-u)) if u > 0 else log1p(exp(u))) / log(mpf(10))


def points():
    yield from (k / 8 for k in range(-160, 321))
    yield from (k * 0.3183098861837907 for k in range(-60, 120))
    yield from (sign * 10.0**-k for sign in (-1, 1) for k in range(1, 13))
    yield from (40 * (1e9 / 40) ** (k / 100) for k in range(100))
    yield 1e9


print("y,phi")
for y in sorted(set(points())):
    print(f"{y!r},{nstr(phi(y), 25, min_fixed=0, max_fixed=0)}")
