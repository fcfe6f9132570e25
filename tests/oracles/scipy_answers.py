"""Ask scipy what test_evaluation_statistics.py compares with; scipy is no dependency, its answers are data.

Run once, with scipy in an environment of its own (made with scipy 1.17.1)::

    python tests/oracles/scipy_answers.py > tests/oracles/scipy_answers.json
"""

import json
import random
import sys
from typing import Any

from scipy import stats

SIZES = [(5, 5), (20, 30), (200, 180)]


def samples(seed: int, n1: int, n2: int, digits: int) -> tuple[list[float], list[float]]:
    """Two lognormal samples, rounded to ``digits`` so that few digits give many ties."""
    chance = random.Random(seed)
    first = [round(chance.lognormvariate(1, 0.5), digits) for _ in range(n1)]
    return first, [round(chance.lognormvariate(1.1, 0.5), digits) for _ in range(n2)]


def mann_whitney() -> list[dict[str, Any]]:
    """U and p of two samples, with and without ties."""
    found = []
    for seed, ((n1, n2), digits) in enumerate((sizes, digits) for sizes in SIZES for digits in (0, 1, 6)):
        x, y = samples(seed, n1, n2, digits)
        u, p = stats.mannwhitneyu(x, y, method="asymptotic")
        found.append({"x": x, "y": y, "u": float(u), "p": float(p)})
    return found


def fisher() -> list[dict[str, Any]]:
    """The p of failures of calls in two runs."""
    tables = [
        (0, 20, 0, 20),
        (1, 20, 6, 20),
        (3, 1000, 12, 900),
        (50, 100, 70, 100),
        (5, 5, 0, 7),
        (0, 9, 9, 9),
    ]
    return [
        {"table": table, "p": float(stats.fisher_exact([[a, n - a], [b, m - b]]).pvalue)}
        for table in tables
        for a, n, b, m in [table]
    ]


def theil_sen() -> list[dict[str, Any]]:
    """The slope of noisy lines with Sen's interval."""
    found = []
    for seed, (n, digits) in enumerate([(10, 3), (40, 1), (60, 0)]):
        chance = random.Random(seed)
        xs = [float(x) for x in range(n)]
        ys = [round(0.3 * x + chance.gauss(0, 2), digits) for x in xs]
        slope, _, low, high = stats.theilslopes(ys, xs)
        found.append({"xs": xs, "ys": ys, "answer": [float(slope), float(low), float(high)]})
    return found


def wilson() -> list[dict[str, Any]]:
    """The score interval of a rate."""
    found = []
    for hits, n in [(0, 10), (1, 10), (10, 10), (7, 200), (500, 1000)]:
        interval = stats.binomtest(hits, n).proportion_ci(method="wilson")
        found.append({"hits": hits, "n": n, "answer": [hits / n, float(interval.low), float(interval.high)]})
    return found


def adjusted() -> list[dict[str, Any]]:
    """p values adjusted by Benjamini and Hochberg."""
    lists = [[0.01, 0.04, 0.03, 0.005], [0.5], [0.9, 0.001, 0.001, 0.2, 1.0]]
    return [{"ps": ps, "answer": [float(p) for p in stats.false_discovery_control(ps)]} for ps in lists]


def mad() -> list[dict[str, Any]]:
    """The unscaled median absolute deviation."""
    lists = [[1.0, 2.0, 3.0, 4.0], [5.0], [1.0, 1.0, 1.0, 9.0, 11.0]]
    return [{"values": values, "answer": float(stats.median_abs_deviation(values))} for values in lists]


if __name__ == "__main__":
    parts = [mann_whitney, fisher, theil_sen, wilson, adjusted, mad]
    json.dump({part.__name__: part() for part in parts}, sys.stdout, indent=0)
    sys.stdout.write("\n")
