"""How often simultaneous sets of ranks hold all true ranks, and what they cost."""

from functools import partial

import numpy as np

from benchmarks.measuring import Bench, timed
from dli.ranking import rank_scores
from dli.robustness.arrays import rank_sets


def coverage(true: np.ndarray, n_tables: int, *, stepdown: bool = True) -> float:
    """Return the share of tables in which the sets of all units hold their true ranks."""
    rng = np.random.default_rng(1)
    ranks, held = rank_scores(true), 0
    for table in range(n_tables):
        errors = rng.uniform(0.5, 2, true.size)
        scores = true + errors * rng.standard_normal(true.size)
        sets = rank_sets(scores, errors, confidence=0.95, stepdown=stepdown, rng=table)
        held += bool(((sets.lower <= ranks) & (ranks <= sets.upper)).all())
    return held / n_tables


def measure(bench: Bench) -> None:
    n, n_tables = 20, bench.size(2000, 200)
    groups = np.repeat([0.0, 20.0], n // 2)
    # A coverage above this is not wrong, but its sets are wider than they need be.
    most = 99 if bench.quick else 97
    least = 91 if bench.quick else 94.5
    cases = {
        "all true scores equal": (coverage(np.zeros(n), n_tables), most),
        "two groups of equal scores": (coverage(groups, n_tables), most),
        "two groups, first step only": (coverage(groups, n_tables, stepdown=False), 100),
        "all true scores different": (coverage(np.linspace(0, 10, n), n_tables), 100),
    }
    for name, (share, above) in cases.items():
        floor = f"confidence 95 %, {n_tables:,} tables of {n} units"
        own = f"sets hold all ranks, {name}"
        bench.figure(own, 100 * share, "%", at_least=least, floor=floor)
        if above < 100:
            bench.figure(f"{own}: not too wide", 100 * share, "%", at_most=above, floor=floor)
    seconds(bench)


def seconds(bench: Bench) -> None:
    """Time sets for independent and for correlated errors."""
    rng = np.random.default_rng(1)
    scores, errors = rng.normal(50, 15, 193), rng.uniform(1, 3, 193)
    mixed = rng.standard_normal((193, 500)) * 0.1
    covariance = mixed @ mixed.T + np.diag(errors**2)
    sets = {
        "independent errors": partial(rank_sets, scores, errors),
        "covariance of errors": partial(rank_sets, scores, covariance=covariance),
    }
    for name, compute in sets.items():
        for simultaneous in (True, False):
            times = timed(partial(compute, simultaneous=simultaneous, rng=1), bench.size(5, 3))
            kind = "simultaneous" if simultaneous else "unit by unit"
            own = f"193 sets, 10,000 draws, {name}, {kind}"
            bench.figure(own, times.process, "s", at_most=1)
