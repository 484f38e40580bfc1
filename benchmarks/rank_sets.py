"""How often simultaneous sets of ranks hold all true ranks, and what they cost."""

import time
from functools import partial

import numpy as np

from dli.ranking import rank_scores
from dli.robustness.arrays import rank_sets

N_TABLES = 2000


def coverage(true: np.ndarray, *, confidence: float, stepdown: bool = True) -> float:
    """Return the share of tables in which the sets of all units hold their true ranks."""
    rng = np.random.default_rng(1)
    ranks, held = rank_scores(true), 0
    for table in range(N_TABLES):
        errors = rng.uniform(0.5, 2, true.size)
        scores = true + errors * rng.standard_normal(true.size)
        sets = rank_sets(scores, errors, confidence=confidence, stepdown=stepdown, rng=table)
        held += bool(((sets.lower <= ranks) & (ranks <= sets.upper)).all())
    return held / N_TABLES


def coverages() -> None:
    """Print coverage for true scores that are equal, in groups and all different."""
    n = 20
    print(f"Coverage, {N_TABLES:,} tables of {n} units, errors from 0.5 to 2, confidence 95 %")
    equal = coverage(np.zeros(n), confidence=0.95)
    print(f"  all true scores equal                {equal:8.2%}")
    groups = coverage(np.repeat([0.0, 20.0], n // 2), confidence=0.95)
    print(f"  two groups of equal scores           {groups:8.2%}")
    single = coverage(np.repeat([0.0, 20.0], n // 2), confidence=0.95, stepdown=False)
    print(f"  the same, first step only            {single:8.2%}")
    spread = coverage(np.linspace(0, 10, n), confidence=0.95)
    print(f"  all different                        {spread:8.2%}")
    if not 0.945 <= equal <= 0.97:
        msg = f"coverage of {equal:.2%} is not from 94.5 % to 97 %"
        raise SystemExit(msg)


def seconds() -> None:
    """Print how long sets take, for independent and for correlated errors."""
    rng = np.random.default_rng(1)
    scores, errors = rng.normal(50, 15, 193), rng.uniform(1, 3, 193)
    mixed = rng.standard_normal((193, 500)) * 0.1
    covariance = mixed @ mixed.T + np.diag(errors**2)
    print("\nSeconds, 193 units, 10,000 draws, median of 5")
    sets = {
        "independent errors": partial(rank_sets, scores, errors),
        "covariance of errors": partial(rank_sets, scores, covariance=covariance),
    }
    for name, compute in sets.items():
        for simultaneous in (True, False):
            times = []
            for _ in range(5):
                start = time.perf_counter()
                compute(simultaneous=simultaneous, rng=1)
                times.append(time.perf_counter() - start)
            kind = "simultaneous" if simultaneous else "unit by unit"
            print(f"  {name + ', ' + kind:36} {np.median(times):8.2f}")


if __name__ == "__main__":
    coverages()
    seconds()
