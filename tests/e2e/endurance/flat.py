#!/usr/bin/env python3
"""Whether a series of samples grows. As a program: tests itself.

Memory: noisy, with plateaus where a bound is reached, and a rare step where a
larger message than any before came. A leak goes on for as long as the test. So
memory grows if three hold at once, all after the warm-up: the Theil-Sen slope
(the median slope of all pairs, which a quarter of outliers does not move), over
the whole span, exceeds the tolerance; the median of the last third exceeds that
of the second one by a sixth of the tolerance; and so does the minimum. Whatever
the slope: a median of the last third above the second one's by twice the
tolerance is growth as well.

Counts of objects: a leaked object is in every sample after its leak, so it raises
the minimum, while connections that come and go do not. The minimum of the last
third must exceed neither that of the first nor, with it, that of the second.
"""
import random
import statistics
import sys


def thirds(values):
    n = len(values)
    return values[:n // 3], values[n // 3:2 * n // 3], values[2 * n // 3:]


def theil_sen(points):
    """The median slope of all pairs, of at most 300 points evenly chosen."""
    step = max(1, len(points) // 300)
    points = points[::step]
    slopes = [(y2 - y1) / (x2 - x1) for i, (x1, y1) in enumerate(points)
              for x2, y2 in points[i + 1:] if x2 != x1]
    return statistics.median(slopes) if slopes else 0.0


def memory_growth(points, percent, floor):
    """points: (time, bytes) after the warm-up. Returns a reason, or None. The
    tolerance is this share of the median, at least floor bytes."""
    if len(points) < 12:
        return "too few samples"
    values = [v for _, v in points]
    _, second, last = thirds(values)
    tolerance = max(statistics.median(values) * percent / 100, floor)
    span = points[-1][0] - points[0][0]
    growth = theil_sen(points) * span
    step = statistics.median(last) - statistics.median(second)
    least = min(last) - min(second)
    text = (f"trend {growth / 1024:+.0f} KiB, last third against second: median "
            f"{step / 1024:+.0f}, minimum {least / 1024:+.0f} KiB; tolerance "
            f"{tolerance / 1024:.0f} KiB")
    if growth > tolerance and step > tolerance / 6 and least > tolerance / 6:
        return text
    return text if step > 2 * tolerance else None


def count_growth(points, tolerance=0):
    """points: (time, number) after the warm-up. Returns a reason, or None."""
    if len(points) < 12:
        return "too few samples"
    first, second, last = [min(third) for third in thirds([v for _, v in points])]
    if last > first + tolerance and last >= second:
        return f"the minimum of the thirds grows: {first}, {second}, {last}"
    return None


def windows(points, start, seconds):
    """[(window number, minimum, median, maximum)] of windows of this length."""
    found = {}
    for t, v in points:
        found.setdefault(int((t - start) // seconds), []).append(v)
    return [(w, min(v), statistics.median(v), max(v)) for w, v in sorted(found.items())]


def series(shape, noise, seed=1, n=660, start=30 * 2**20):
    """Samples every ten seconds of memory that follows shape(t), in MiB."""
    rng = random.Random(seed)
    return [(10 * i, start + int((shape(10 * i) + rng.uniform(-noise, noise)) * 2**20))
            for i in range(n)]


def cases():
    """(name, does it grow, points): two hours without the first ten minutes."""
    rng = random.Random(2)
    spikes = {t for t in range(0, 6600, 10) if rng.random() < 0.1}
    yield "constant", False, series(lambda t: 0, 0)
    yield "noise", False, series(lambda t: 0, 1)
    yield "falls", False, series(lambda t: -t / 1000, 0.2)
    yield "spikes", False, series(lambda t: 9 if t in spikes else 0, 0.3)
    yield "a plateau that is reached late", False, series(lambda t: min(t, 1500) / 1500 * 3, 0.2)
    yield "one small step late", False, series(lambda t: 1 if t > 5000 else 0, 0.1)
    yield "one large step late", True, series(lambda t: 4 if t > 4200 else 0, 0.1)
    yield "1 KiB per second", True, series(lambda t: t / 1024, 0.3)
    yield "1 KiB per second under spikes", True, series(
        lambda t: t / 1024 + (9 if t in spikes else 0), 0.3)
    yield "100 KiB per 5 minutes", True, series(lambda t: t // 300 * 100 / 1024, 0.1)
    yield "grows ever slower", True, series(lambda t: (t / 10) ** 0.5 / 4, 0.1)


def counts():
    rng = random.Random(3)
    yield "connections come and go", False, [(t, 26 + rng.randrange(8)) for t in range(600)]
    yield "a leak per 200 samples among them", True, [
        (t, 26 + t // 200 + rng.randrange(8)) for t in range(600)]
    yield "one object before the last third", True, [(t, 12 + (t > 398)) for t in range(600)]
    yield "one object in the second third", True, [(t, 12 + (t > 250)) for t in range(600)]
    yield "fewer", False, [(t, 12 - (t > 250)) for t in range(600)]


def main():
    good = True
    for kind, found in (
            ("memory", [(n, g, memory_growth(p, 3, 2**20)) for n, g, p in cases()]),
            ("count", [(n, g, count_growth(p)) for n, g, p in counts()])):
        for name, grows, reason in found:
            right = grows == bool(reason)
            good &= right
            print(f"{'ok' if right else 'not ok'} {kind}: {name}: "
                  f"{'growth' if grows else 'no growth'}")
            if not right:
                print(f"#   {reason}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
