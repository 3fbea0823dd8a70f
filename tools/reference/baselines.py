#!/usr/bin/env python3
"""Reference values of the baseline detectors, for ReferenceTests: naive, and in arbitrary precision.

Every detector keeps all it ever saw and computes from the beginning whenever it is asked: fractions for sums, mpmath
(pip install mpmath) with 60 digits for logarithms and roots. Nothing here is shared with the Swift code but the papers.

    tools/reference/baselines.py Tests/PhiAccrualTests/References

writes baseline_arrivals.csv (the heartbeats of some invented nodes) and baseline_values.csv: after so many arrivals, how
long until the node is suspected, and φ after some silence. Fields that a detector does not have are empty.
"""

import math
import random
import sys
from fractions import Fraction
from pathlib import Path

from mpmath import asinh, exp, expm1, log, log1p, mp, mpf, nstr, sinh, sqrt

mp.dps = 60
MS, SECOND = 10**6, 10**9


def real(x):
    return mpf(x.numerator) / mpf(x.denominator) if isinstance(x, Fraction) else mpf(x)


def ceiling(x) -> int:
    return math.ceil(x) if isinstance(x, (int, Fraction)) else int(mp.ceil(x))


# Heartbeats


def lattice(rng, interval, count, delay, lost):
    """A periodic sender: arrival = slot + delay. Late ones are not overtaken."""
    arrivals, slot, last = [], 0, None
    for _ in range(count):
        slot += 1
        while lost(rng):
            slot += 1
        at = slot * interval + int(delay(rng))
        if last is not None:
            at = max(at, last[0])
            arrivals.append((at - last[0], slot - last[1]))
        last = (at, slot)
    return arrivals


def outages(rng):
    arrivals = []
    for number in range(250):
        gap, step = SECOND + int(rng.gauss(0, 20 * MS)), 1
        if number % 50 == 30:
            step = (5, 30, 300, 2, 12)[number // 50]
            gap += (step - 1) * SECOND
        if number % 50 == 40:
            gap += 1700 * MS  # late, nothing lost
        arrivals.append((gap, step))
    return arrivals


def nodes():
    rng = random.Random(20040318)
    never = lambda rng: False
    return {
        "plain": (0, lattice(rng, 100 * MS, 400, lambda r: 50 * MS + r.gauss(0, 5 * MS), lambda r: r.random() < 0.005)),
        "wan": (SECOND, lattice(rng, SECOND, 300, lambda r: r.expovariate(1 / (60 * MS)), lambda r: r.random() < 0.1)),
        "fast": (1_500_000, lattice(rng, 1_500_000, 300, lambda r: r.gauss(10**6, 200_000), never)),
        "equal": (0, [(100 * MS, 1)] * 60),
        "outages": (0, outages(rng)),
        "wild": (0, [(int(10 ** rng.uniform(3, 12.5)), rng.randint(1, 60)) for _ in range(300)]),
    }


# Detectors


class Interval:
    """η: given, announced, or learned with anchors that move on every 2048 numbers."""

    def __init__(self, given):
        self.given, self.announced = given, 0
        self.clock, self.number = [0], [0]  # since the first arrival

    def begin(self, announced):
        self.announced = announced

    def observe(self, gap, step):
        self.clock.append(self.clock[-1] + gap)
        self.number.append(self.number[-1] + step)

    def value(self):
        if self.given is not None:
            return Fraction(self.given)
        if self.announced:
            return Fraction(self.announced)
        older = newer = 0
        for index in range(len(self.number)):
            if self.number[index] - self.number[newer] >= 2048:
                older, newer = newer, index
        if len(self.number) == 1:
            return None
        return Fraction(self.clock[-1] - self.clock[older], self.number[-1] - self.number[older])


class Chen:
    def __init__(self, window, alpha=0, interval=None):
        self.window, self.alpha, self.interval = window, alpha, Interval(interval)
        self.arrivals = []

    def begin(self, announced):
        self.interval.begin(announced)
        self.arrivals = [(0, 0)]

    def observe(self, gap, step):
        self.interval.observe(gap, step)
        clock, number = self.arrivals[-1]
        self.arrivals.append((clock + gap, number + step))

    def expected(self, steps=1):
        """After the last arrival."""
        eta = self.interval.value()
        if eta is None:
            return None
        last = self.arrivals[-self.window :]
        base = sum(clock - eta * number for clock, number in last) / len(last)
        return base + eta * (self.arrivals[-1][1] + steps) - self.arrivals[-1][0]

    def wait(self, _=None):
        expected = self.expected()
        return None if expected is None else ceiling(expected + self.alpha)

    def phi(self, _):
        return None


class TwoWindow:
    def __init__(self, n1, n2, margin, interval=None):
        self.both = [Chen(n1, margin, interval), Chen(n2, margin, interval)]

    def begin(self, announced):
        for one in self.both:
            one.begin(announced)

    def observe(self, gap, step):
        for one in self.both:
            one.observe(gap, step)

    def wait(self, _=None):
        waits = [one.wait() for one in self.both]
        return None if None in waits else max(waits)

    def phi(self, _):
        return None


class Bertier(Chen):
    def __init__(self, window, gamma, beta, phi, interval=None):
        super().__init__(window, 0, interval)
        self.gamma, self.beta, self.factor = mpf(gamma), mpf(beta), mpf(phi)
        self.delay = self.var = mpf(0)

    def observe(self, gap, step):
        expected = self.expected(step)
        if expected is not None:
            error = gap - real(expected) - self.delay
            self.delay += self.gamma * error
            self.var += self.gamma * (abs(error) - self.var)
        super().observe(gap, step)

    def wait(self, _=None):
        expected = self.expected()
        if expected is None:
            return None
        return ceiling(real(expected) + self.beta * self.delay + self.factor * self.var)


class SelfTuning(Chen):
    def __init__(self, window, margin, alpha, beta, detection_time, mistake_rate, query_accuracy, slot):
        super().__init__(window, margin)
        self.step = Fraction(beta) * alpha
        self.required = (detection_time, Fraction(mistake_rate), Fraction(query_accuracy))
        self.slot, self.seen = slot, []

    def observe(self, gap, step):
        wait = self.wait()
        if wait is not None:
            self.seen.append((gap, wait))
            if len(self.seen) == self.slot:
                self.tune()
        super().observe(gap, step)

    def tune(self):
        time = sum(gap for gap, _ in self.seen)
        detection = Fraction(sum(max(0, wait) for _, wait in self.seen), len(self.seen))
        mistakes = [gap - max(0, wait) for gap, wait in self.seen if gap > wait]
        fast = detection <= self.required[0]
        accurate = (
            Fraction(len(mistakes) * SECOND, time) <= self.required[1]
            and 1 - Fraction(sum(mistakes), time) >= self.required[2]
        )
        if fast and not accurate:
            self.alpha += self.step
        if accurate and not fast:
            self.alpha = max(0, self.alpha - self.step)
        self.seen = []


class Fixed:
    def __init__(self, timeout):
        self.timeout = timeout

    def begin(self, announced):
        pass

    def observe(self, gap, step):
        pass

    def wait(self, _=None):
        return self.timeout

    def phi(self, _):
        return None


class Logistic:
    def __init__(self, threshold, size, floor, pause, estimate, resolution, every=False):
        self.size, self.resolution, self.every = size, resolution, every
        self.floor, self.pause = floor // resolution, pause // resolution
        self.clock, self.last = 0, 0
        mean = estimate // resolution
        self.gaps = [mean - mean // 4, mean + mean // 4]
        self.own = self.quantile(threshold)

    def begin(self, announced):
        pass

    @staticmethod
    def quantile(phi):
        a, b = mpf("0.070566"), mpf("1.5976")
        u = log(expm1(mpf(phi) * log(mpf(10))))
        p, q = b / a, u / a
        return 2 * sqrt(p / 3) * sinh(asinh(3 * q / (2 * p) * sqrt(3 / p)) / 3)

    def fit(self):
        gaps = self.gaps[-self.size :]
        mean = Fraction(sum(gaps), len(gaps))
        variance = Fraction(sum(gap * gap for gap in gaps), len(gaps)) - mean * mean
        return real(mean + self.pause), max(mpf(self.floor), sqrt(real(variance)))

    def deviations(self, ticks):
        mean, deviation = self.fit()
        return (ticks - mean) / deviation

    def observe(self, gap, step):
        self.clock += gap
        ticks = self.clock // self.resolution - self.last // self.resolution
        self.last = self.clock
        if self.every or self.deviations(ticks) < self.own:
            self.gaps.append(ticks)

    def phi(self, silence):
        y = self.deviations((self.clock + silence) // self.resolution - self.clock // self.resolution)
        u = y * (mpf("1.5976") + mpf("0.070566") * y * y)
        return log1p(exp(u)) / log(mpf(10)) if u < 1000 else (u + exp(-u)) / log(mpf(10))

    def wait(self, phi):
        mean, deviation = self.fit()
        tick = ceiling(mean + self.quantile(phi) * deviation)
        return (tick + self.clock // self.resolution) * self.resolution - self.clock


class Exponential:
    def __init__(self, size, initial, longest, weight, decades, forget=None):
        self.size, self.initial, self.longest, self.weight = size, initial, longest, weight
        self.scale = log(mpf(10)) if decades else mpf(1)
        self.forget = forget
        self.restart()

    def restart(self):
        self.gaps = [] if self.weight else [self.initial]

    def begin(self, announced):
        pass

    def observe(self, gap, step):
        if self.forget is not None and self.phi(gap) > self.forget:
            self.restart()
        if gap <= self.longest:
            self.gaps.append(gap)

    def mean(self):
        gaps = self.gaps[-self.size :]
        return real(Fraction(sum(gaps) + self.weight * self.initial, len(gaps) + self.weight))

    def phi(self, silence):
        return silence / self.mean() / self.scale

    def wait(self, phi):
        return ceiling(mpf(phi) * self.scale * self.mean())


class Empirical:
    def __init__(self, window, threshold, factor):
        self.window, self.threshold, self.factor = window, Fraction(threshold), Fraction(factor)
        self.gaps = []

    def begin(self, announced):
        if announced:
            self.gaps = [announced]

    def observe(self, gap, step):
        self.gaps.append(gap)

    def wait(self, _=None):
        gaps = sorted(self.gaps[-self.window :])
        if not gaps:
            return None
        rank = ceiling(self.threshold * len(gaps))
        return ceiling(gaps[rank - 1] / self.factor) if rank else 0

    def phi(self, silence):
        gaps = self.gaps[-self.window :]
        longer = sum(gap > silence * self.factor for gap in gaps)
        return log(mpf(len(gaps) + 1) / (longer + 1)) / log(mpf(10)) if gaps else None


# Numbers that doubles hold exactly where the text is rounded to one: 0.1 means the double.
DETECTORS = {
    "fixed timeout=2s": lambda: Fixed(2 * SECOND),
    "logistic": lambda: Logistic(8, 1000, 100 * MS, 3 * SECOND, SECOND, MS),
    "logistic threshold=10 max-sample-size=200 acceptable-heartbeat-pause=60s first-heartbeat-estimate=5s "
    "learns-every-gap=true": lambda: Logistic(10, 200, 100 * MS, 60 * SECOND, 5 * SECOND, MS, True),
    "logistic threshold=1 max-sample-size=20 min-std-deviation=1ms acceptable-heartbeat-pause=0s "
    "first-heartbeat-estimate=100ms": lambda: Logistic(1, 20, MS, 0, 100 * MS, MS),
    "logistic max-sample-size=50 min-std-deviation=300us acceptable-heartbeat-pause=100us "
    "first-heartbeat-estimate=2ms resolution=1ns": lambda: Logistic(8, 50, 300_000, 100_000, 2 * MS, 1),
    "exponential": lambda: Exponential(1000, 2 * SECOND, 2 * SECOND, 0, True),
    "exponential sampling-window-size=10 initial-interval=1s max-interval=5s": lambda: Exponential(
        10, SECOND, 5 * SECOND, 0, True
    ),
    "exponential initial-interval=5s max-interval=10s prior-weight=5 base=e phi-threshold=8": lambda: Exponential(
        1000, 5 * SECOND, 10 * SECOND, 5, False, 8
    ),
    "exponential sampling-window-size=30 initial-interval=200ms max-interval=60s prior-weight=2 base=e "
    "phi-threshold=3": lambda: Exponential(30, 200 * MS, 60 * SECOND, 2, False, 3),
    "chen window=32 alpha=100ms": lambda: Chen(32, 100 * MS),
    "chen window=1 alpha=0s": lambda: Chen(1),
    "chen window=7 alpha=1ms interval=99ms": lambda: Chen(7, MS, 99 * MS),
    "bertier": lambda: Bertier(1000, 0.1, 1, 4),
    "bertier window=5 gamma=0.25 beta=0.5 phi=2": lambda: Bertier(5, 0.25, 0.5, 2),
    "two-window": lambda: TwoWindow(1, 1000, 100 * MS),
    "two-window n1=3 n2=40 margin=5ms": lambda: TwoWindow(3, 40, 5 * MS),
    "empirical": lambda: Empirical(1000, 0.99, 0.9),
    "empirical window=16 threshold=0.75 scaling-factor=0.5": lambda: Empirical(16, 0.75, 0.5),
    "empirical window=1 threshold=1 scaling-factor=1": lambda: Empirical(1, 1, 1),
    "self-tuning slot=10": lambda: SelfTuning(1000, 100 * MS, 100 * MS, 0.5, 3 * SECOND, 0.01, 0.99, 10),
    "self-tuning window=20 margin=0s alpha=8ms beta=0.25 detection-time=130ms mistake-rate=0.25 query-accuracy=0.5 "
    "slot=4": lambda: SelfTuning(20, 0, 8 * MS, 0.25, 130 * MS, 0.25, 0.5, 4),
}
PHIS = [8, 0.5, 1, 3, 16, 64, 400, 8, 0.125]
SILENCES = [Fraction(1), Fraction(1, 2), Fraction(9, 8), Fraction(2), Fraction(40)]


def values():
    for name, (announced, arrivals) in nodes().items():
        asked = {0, 1, 2, 3, 5, 8, 13} | set(range(21, len(arrivals), 29)) | {len(arrivals)}
        for text, make in DETECTORS.items():
            detector = make()
            detector.begin(announced)
            turn = 0
            for count in range(len(arrivals) + 1):
                if count in asked:
                    threshold = PHIS[turn % len(PHIS)]
                    wait = detector.wait(threshold)
                    silence = int(abs(wait or SECOND) * SILENCES[turn % len(SILENCES)])
                    phi = detector.phi(silence)
                    turn += 1
                    yield (
                        name,
                        text,
                        count,
                        "" if phi is None else threshold,
                        "" if wait is None else wait,
                        silence,
                        "" if phi is None else nstr(phi, 20, min_fixed=0, max_fixed=0),
                    )
                if count < len(arrivals):
                    detector.observe(*arrivals[count])


def main():
    folder = Path(sys.argv[1])
    with open(folder / "baseline_arrivals.csv", "w") as file:
        print("node,announced_ns,gap_ns,step", file=file)
        for name, (announced, arrivals) in nodes().items():
            for gap, step in arrivals:
                print(name, announced, gap, step, sep=",", file=file)
    with open(folder / "baseline_values.csv", "w") as file:
        print("node,detector,arrivals,threshold,wait_ns,silence_ns,phi", file=file)
        for row in values():
            print(*row, sep=",", file=file)


main()
