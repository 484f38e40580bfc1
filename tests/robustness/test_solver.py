"""Nothing that the solver prints reaches the terminal, and nothing else is lost."""

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from dli import solver
from dli.robustness.arrays import rank_ranges

LINE = b"HighsMipSolverData::transformNewIntegerFeasibleSolution tmpSolver.run();\n"


def test_lines_of_the_solver_are_dropped_and_others_pass_on(capfd):
    with solver.quiet():
        os.write(1, b"before\npartly " + LINE)
        os.write(1, b"after\n")
    os.write(1, b"at last\n")
    assert capfd.readouterr().out == "before\npartly after\nat last\n"


def test_rank_ranges_print_nothing(capfd):
    # Here the solver (HiGHS in SciPy 1.17) repairs a solution after presolve, and prints that.
    rng = np.random.default_rng(10)
    rank_ranges(rng.integers(0, 5, (rng.integers(10, 22), rng.integers(3, 6))).astype(float))
    assert capfd.readouterr().out == ""


def test_several_threads_may_solve_at_once(capfd):
    def solve(number):
        with solver.quiet(), solver.quiet():
            os.write(1, b"%d\n" % number + LINE)
        return solver.milp([1.0], bounds=(number, 9.0)).x[0]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(solve, range(8))) == list(range(8))
    assert sorted(capfd.readouterr().out.split()) == [str(number) for number in range(8)]


def test_without_a_place_for_output_nothing_is_diverted(capfd, monkeypatch):
    def refuse(*_, **__):
        raise OSError

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with solver.quiet():
        os.write(1, b"here\n")
    assert capfd.readouterr().out == "here\n"
