"""How often ``ote compare`` finds a slow-down, by the shape of the durations: for docs/evaluation.md.

Takes some minutes of one processor::

    python tests/endurance/power.py --pairs 2000

Exit status 1 where more than one pair in a hundred of like runs has a verdict of worse.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from simulated_runs import SHAPES, Shape, program, run

from ote_logging.evaluation.metrics import PerformanceMetrics
from ote_logging.evaluation.runs import Thresholds, compare_runs
from ote_logging.evaluation.statistics import Sample, mann_whitney

TIMES = (1.0, 1.1, 1.2, 1.3, 1.5)
QUICK = Thresholds(draws=1)


def is_worse(base: PerformanceMetrics, new: PerformanceMetrics) -> bool:
    """Tell the verdict on two runs."""
    return bool(compare_runs(base, new, QUICK).worse())


def by_rank_alone(base: PerformanceMetrics, new: PerformanceMetrics) -> bool:
    """Tell what Mann-Whitney says at the same level."""
    samples = (Sample(fold.operations["save"].buckets.weighted()) for fold in (base, new))
    found = mann_whitney(*samples)
    return found.p < QUICK.alpha and found.larger > 0.5


def row(name: str, shape: Shape, seeds: range) -> str:
    """Return how many pairs are worse for each slow-down, and by Mann-Whitney alone for a fifth."""
    found = [
        sum(is_worse(run(shape, seed), run(shape, seed + 1, times=times)) for seed in seeds)
        for times in TIMES
    ]
    ranked = sum(by_rank_alone(run(shape, seed), run(shape, seed + 1, times=1.2)) for seed in seeds)
    pairs = len(seeds)
    return f"| {name} | " + " | ".join(f"{count / pairs:.1%}" for count in [*found, ranked]) + " |"


def main() -> int:
    """Print the table; judge like runs of a program of five operations."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=2_000)
    pairs = parser.parse_args().pairs
    heads = ["200 calls a run", *(f"{times - 1:+.0%}" for times in TIMES), "+20%, ranks alone"]
    sys.stdout.write(f"| {' | '.join(heads)} |\n|---|{'---:|' * (len(heads) - 1)}\n")
    for place, (name, shape) in enumerate(SHAPES.items()):
        # Seeds of its own for each shape: with the same ones, lognormal samples have the same ranks.
        sys.stdout.write(row(name, shape, range(2 * place * pairs, 2 * (place + 1) * pairs, 2)) + "\n")
        sys.stdout.flush()
    disturbed = sum(is_worse(program(2 * seed), program(2 * seed + 1)) for seed in range(pairs))
    sys.stdout.write(
        f"\n{disturbed} of {pairs} pairs of like runs of five operations have a verdict of worse\n"
    )
    for number in range(5):
        name = f"step{number}"
        found = sum(is_worse(program(2 * seed), program(2 * seed + 1, name, 1.2)) for seed in range(pairs))
        sys.stdout.write(f"one of five a fifth slower ({list(SHAPES)[1::2][number]}): {found / pairs:.1%}\n")
        sys.stdout.flush()
    return int(disturbed > pairs / 100)


if __name__ == "__main__":
    sys.exit(main())
