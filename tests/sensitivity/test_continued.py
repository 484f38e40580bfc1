"""Studies in several runs are the same as in one, to the last bit."""

import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from itertools import permutations

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.sensitivity.cases import INDEX, example
from tests.sensitivity.test_engine import Inline

from dli import Assessment, Index, Indicator, Method
from dli.aggregation import GeometricMean, MazziottaPareto
from dli.errors import MethodError, StudyError
from dli.sensitivity import (
    MeasurementError,
    Uncertainty,
    WeightNoise,
    running,
    uncertainty,
)
from dli.sensitivity.engine import Chunks, chunks
from dli.sensitivity.stretches import Stretch, block_keys, joined, overlaps

NOISE = [WeightNoise(0.4)]
ASSESSMENT = example(gaps=0.1)
CHUNK = 1024  # draws of nine units
SUMS = ("ranks", "scores", "n_draws", "rank_sums", "shift_sums", "total", "squares")


def made(n_samples, assessment=ASSESSMENT, inputs=NOISE, **own):
    own.setdefault("rng", 3)
    own.setdefault("executor", Inline())
    return uncertainty(assessment, inputs, n_samples=n_samples, **own)


def check_same(one, other):
    """Compare all that was counted, bit by bit."""
    for name in SUMS:
        assert_array_equal(getattr(one._tally, name), getattr(other._tally, name), name)
    assert_array_equal(one._bins.width, other._bins.width)
    assert (one.n_samples, one.seeds) == (other.n_samples, other.seeds)


@pytest.fixture(scope="module")
def whole():
    return made(5 * CHUNK + 700)


def test_chunks_are_as_large_as_these_tests_take_them(whole):
    assert whole._plan.chunks.size == CHUNK


@pytest.mark.parametrize(
    "steps", [[1_000, 1_000], [CHUNK, CHUNK], [2000, 1, 3000], [2 * CHUNK - 1, 1, 2 * CHUNK + 1]]
)
def test_draws_and_more_draws_are_those_of_one_run(steps):
    study = made(steps[0])
    for n in steps[1:]:
        study = study.more(n, executor=Inline())
    check_same(study, made(sum(steps)))


@pytest.mark.parametrize(
    ("assessment", "inputs", "steps"),
    [
        # Nothing bounds these scores: the first chunk tells where they are counted.
        (example(aggregation=MazziottaPareto()), NOISE, [300, 1500]),
        (example(), [MeasurementError(0.1)], [20, 25]),
        (example(aggregation=MazziottaPareto()), NOISE, [CHUNK + 9, 2000]),
    ],
)
def test_where_the_first_draws_tell_the_bins_too(assessment, inputs, steps):
    study = made(steps[0], assessment, inputs).more(steps[1])
    assert not study._bins.is_sure
    check_same(study, made(sum(steps), assessment, inputs))


def test_parts_of_a_study_are_the_same_in_any_order(whole):
    parts = [made(whole.n_samples, part=(i, 3)) for i in (1, 2, 3)]
    assert [part.n_samples for part in parts] == [2 * CHUNK, 2 * CHUNK, CHUNK + 700]
    for order in permutations(parts):
        check_same(reduce(Uncertainty.merge, order), whole)
    outer = parts[0].merge(parts[2])
    expected = np.concatenate([whole.scores(2 * CHUNK - 1, 1), whole.scores(4 * CHUNK, 2)])
    assert_allclose(outer.scores(2 * CHUNK - 1, 3), expected, rtol=1e-12)
    check_same(parts[1].merge(outer), whole)


def test_parts_of_bins_that_the_first_draws_tell_are_merged_too():
    given = (CHUNK + 900, example(aggregation=MazziottaPareto()))
    parts = [made(*given, part=(i, 2)) for i in (2, 1)]
    check_same(reduce(Uncertainty.merge, parts), made(*given))


def test_studies_of_several_seeds_are_added_up():
    one, two, three = (made(n, rng=seed) for n, seed in ((20_000, 7), (9000, 2), (CHUNK, 5)))
    both = one.merge(two)
    for name in ("ranks", "scores", "n_draws", "rank_sums", "shift_sums"):
        expected = getattr(one._tally, name) + getattr(two._tally, name)
        assert_array_equal(getattr(both._tally, name), expected)
    for name in ("total", "squares"):
        expected = getattr(one._tally, name) + getattr(two._tally, name)
        assert_allclose(getattr(both._tally, name), expected, rtol=1e-13)
    check_same(both, two.merge(one))
    check_same(both.merge(three), one.merge(three.merge(two)))
    assert (both.seed, both.seeds, both.n_samples) == (2, (2, 7), 29_000)
    expected = np.concatenate([two.scores(8999, 1), one.scores(0, 1)])
    assert_allclose(both.scores(8999, 2), expected, rtol=1e-12)
    assert both.inputs(5, 1)["draw"].tolist() == [5]
    assert both.inputs(8999, 2)["draw"].tolist() == [8999, 9000]
    wins = (one.pairwise_winning() * 20_000 + two.pairwise_winning() * 9000) / 29_000
    assert_allclose(both.pairwise_winning(), wins, rtol=1e-12)
    assert "29,000 draws" in str(both)


def test_a_merged_study_of_consecutive_draws_goes_on():
    parts = [made(4 * CHUNK, part=(i, 2)) for i in (1, 2)]
    check_same(parts[0].merge(parts[1]).more(100), made(4 * CHUNK + 100))
    short = made(CHUNK + 5, part=(1, 2)).merge(made(CHUNK + 5, part=(2, 2)))
    check_same(short.more(10), made(CHUNK + 15))
    with pytest.raises(StudyError, match=r"several stretches \(seeds 3, 4\) cannot be continued"):
        made(10).merge(made(10, rng=4)).more(10)
    for n in (0, 1.5, 10**9):
        with pytest.raises(MethodError, match=r"must be a whole number"):
            made(10).more(n)


def test_a_study_whose_last_draws_cannot_be_repeated_is_not_continued():
    study = made(CHUNK + 5)
    study._counted.ranks[0] = 0
    with pytest.raises(StudyError, match=r"last draws of the study, repeated, give other counts"):
        study.more(10)


def test_draws_in_common_are_refused():
    study = made(2 * CHUNK)
    with pytest.raises(StudyError, match=r"draws in common.*\n  - seed 3: draws 1 to 100 are in b"):
        study.merge(made(100))
    with pytest.raises(StudyError, match=r"seed 3: draws 1,025 to 2,048 are in both"):
        study.merge(made(2 * CHUNK, part=(2, 2)))
    with pytest.raises(MethodError, match=r"other must be an Uncertainty, got int"):
        study.merge(3)


class Kinked:
    """An aggregation of one's own, which no file can hold."""

    def __init__(self, power):
        self.power = power

    def aggregate(self, scores, weights):
        return (scores**self.power) @ weights


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"assessment": example(gaps=0.1, seed=1)}, "different data"),
        ({"assessment": example(gaps=0.1, aggregation=GeometricMean())}, "different method"),
        ({"assessment": example(gaps=0.1, n_units=10)}, "different data"),
        ({"inputs": [WeightNoise(0.3)]}, r"inputs: WeightNoise\(.*0.3.*, not WeightNoise\(.*0.4"),
        ({"inputs": [WeightNoise({1: 0.4})]}, r"inputs: WeightNoise\(relative=\{1: 0.4\}\), not W"),
        ({"node": "A"}, "node: A, not T"),
        ({"keep": "ranks"}, "keep: ranks, not ranks, scores"),
        ({"places": 2}, "places: 2, not None"),
        (
            {"assessment": Assessment(
                evolve(INDEX, children=[evolve(INDEX.children[0], weight=9), *INDEX.children[1:]]),
                ASSESSMENT.observations.table, method=ASSESSMENT.method)},
            "different index",
        ),
    ],
)  # fmt: skip
def test_studies_of_something_else_are_refused_by_name(changes, words, tmp_path):
    given = {"assessment": ASSESSMENT, "inputs": NOISE, "rng": 4, **changes}
    with pytest.raises(StudyError, match=rf"cannot be merged; the other study has:\n  - {words}"):
        made(50).merge(made(50, **given))
    path = tmp_path / "a.study"
    made(50, rng=4, checkpoint=path)
    with pytest.raises(StudyError, match=r"belongs to another study"):
        made(60, checkpoint=path, **given)


def test_steps_of_ones_own_are_compared_by_what_they_do():
    own = [example(aggregation=Kinked(power)) for power in (1, 1, 2)]
    one, same, other = (made(50, a, rng=i) for i, a in enumerate(own))
    with pytest.raises(StudyError, match=r"scores were counted|count scores in different bins"):
        one.merge(same)  # the same but for the seed, of scores that nothing bounds
    with pytest.raises(StudyError, match=r"different scores for the same draws"):
        one.merge(other)
    ranks = [made(50, own[0], rng=seed, keep="ranks") for seed in (1, 2)]
    assert ranks[0].merge(ranks[1]).n_samples == 100


def test_inputs_of_arrays_are_compared_by_what_they_do():
    a = example()
    values = np.full(a.observations.values.shape, 0.1)
    one, two = (made(20, a, [MeasurementError(own)], rng=1) for own in (values, values * 2))
    with pytest.raises(StudyError, match=r"different scores for the same draws"):
        one.merge(two)


# Checkpoints


KILLED = """
import sys, time; sys.path.insert(0, '.')
from tests.sensitivity.test_continued import *
running.EVERY = 0.0
class Slowly(Inline):
    def submit(self, work, *args):
        time.sleep(0.02)
        return super().submit(work, *args)
made(200 * CHUNK, checkpoint=sys.argv[1], executor=Slowly())
"""


def test_a_study_that_is_killed_goes_on_to_the_same_bits(tmp_path):
    path = tmp_path / "k.study"
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stderr=subprocess.PIPE)
    try:
        limit = time.monotonic() + 60
        while not path.exists() and process.poll() is None and time.monotonic() < limit:
            time.sleep(0.01)
        assert process.poll() is None, process.stderr.read()  # in the middle of it
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    found = Uncertainty.load(path, ASSESSMENT, NOISE)
    n = found.n_samples
    assert CHUNK <= n < 200 * CHUNK
    assert n % CHUNK == 0
    check_same(found, made(n))
    wanted = n + 2 * CHUNK + 123
    check_same(made(wanted, checkpoint=path), made(wanted))
    check_same(Uncertainty.load(path, ASSESSMENT, NOISE), made(wanted))


def stop(after):
    """Return an executor that is interrupted after some tasks."""
    left = [after]

    class Stops(Inline):
        _max_workers = 1

        def submit(self, work, *args):
            if not left[0]:
                raise KeyboardInterrupt
            left[0] -= 1
            return super().submit(work, *args)

    return Stops()


@pytest.mark.parametrize(
    "own", [{}, {"keep": "ranks"}, {"places": 2}, {"part": (2, 2)},
            {"assessment": example(aggregation=MazziottaPareto())}]
)  # fmt: skip
def test_a_study_that_is_interrupted_goes_on(own, tmp_path, monkeypatch):
    monkeypatch.setattr(running, "EVERY", 0.0)
    monkeypatch.setattr(running, "_SHARE", np.inf)
    path = tmp_path / "i.study"
    n = 20 * CHUNK + 1000
    with pytest.raises(KeyboardInterrupt):
        made(n, checkpoint=path, executor=stop(2), **own)
    assert path.exists()
    monkeypatch.setattr(running, "EVERY", 30.0)
    check_same(made(n, checkpoint=path, executor=ThreadPoolExecutor(2), **own), made(n, **own))
    assert not list(tmp_path.glob(".dli*"))


def test_a_finished_checkpoint_is_read_and_makes_no_draw(tmp_path, monkeypatch):
    path = tmp_path / "f.study"
    study = made(CHUNK + 77, checkpoint=path)
    monkeypatch.setattr(running, "scores_of", None)
    check_same(made(CHUNK + 77, checkpoint=path), study)
    # Without a seed, that of the file is taken.
    assert made(CHUNK + 77, checkpoint=str(path), rng=None).seed == 3


def test_a_checkpoint_goes_on_to_more_draws(tmp_path):
    path = tmp_path / "m.study"
    for n in (700, CHUNK + 10, 2 * CHUNK, 2 * CHUNK + 1, 5000):
        check_same(made(n, checkpoint=path), made(n))


def test_units_that_never_have_a_score_are_saved_and_loaded(tmp_path):
    index = Index("T", [Indicator("a"), Indicator("b")])
    data = {"unit": ["X", "Y", "Z"], "a": [1.0, 3.0, 2.0], "b": [9.0, 5.0, np.nan]}
    assessment = Assessment(index, data, method=Method(missing="propagate"))
    path = tmp_path / "study.zip"
    made(100, assessment, checkpoint=path)
    more = made(200, assessment, checkpoint=path)
    check_same(more, made(200, assessment))
    check_same(Uncertainty.load(path, assessment, NOISE), more)


def test_a_checkpoint_of_other_draws_is_refused(tmp_path):
    path = tmp_path / "o.study"
    made(2 * CHUNK, checkpoint=path)
    with pytest.raises(
        StudyError,
        match=r"contains other draws:\n  - rng: 3, not 5\n  - n_samples: 2,048, more than 10",
    ):
        made(10, checkpoint=path, rng=5)
    with pytest.raises(StudyError, match=r"part: its first draw is 1, not 1,025"):
        made(2 * CHUNK, checkpoint=path, part=(2, 2))
    made(10, rng=1).merge(made(10, rng=2)).save(path)
    with pytest.raises(StudyError, match=r"contains a merged study, which cannot be continued"):
        made(20, checkpoint=path)


def test_the_bar_of_a_study_that_goes_on_starts_where_it_stands(tmp_path, capsys):
    path = tmp_path / "b.study"
    made(2 * CHUNK, checkpoint=path)
    made(4 * CHUNK, checkpoint=path, progress=True)
    shown = capsys.readouterr().err
    assert "50%" in shown
    assert "4.10k/4.10k" in shown
    assert "<" in shown  # how long it will still take
    with pytest.raises(MethodError, match=r"progress must be True or False"):
        made(10).more(10, progress=1)


@pytest.mark.filterwarnings("ignore:Sending large graph", "ignore::ResourceWarning")
def test_parts_made_by_dask_are_those_of_one_run(whole):
    distributed = pytest.importorskip("distributed")
    with distributed.Client(
        processes=False, n_workers=2, threads_per_worker=1, dashboard_address=":0"
    ) as client:
        pool = client.get_executor()
        parts = [made(whole.n_samples, part=(i, 2), executor=pool) for i in (1, 2)]
        longer = made(2 * CHUNK + 50, executor=pool).more(
            whole.n_samples - 2 * CHUNK - 50, executor=pool
        )
    check_same(parts[1].merge(parts[0]), whole)
    check_same(longer, whole)


@pytest.mark.parametrize("n_threads", [1, 2, 4])
def test_any_number_of_threads_gives_the_same_bits(whole, n_threads):
    with ThreadPoolExecutor(n_threads) as pool:
        check_same(made(CHUNK + 9, executor=pool).more(4 * CHUNK + 691, executor=pool), whole)


# Stretches


@given(st.integers(0, 40), st.lists(st.integers(1, 30), min_size=1, max_size=6), st.integers(0, 9))
def test_blocks_hold_every_chunk_once_however_a_stretch_is_cut(first, lengths, rest):
    chunks = Chunks(10, 0)
    cut, place = [], first
    for n in lengths:
        cut.append(Stretch(1, place, n * 10))
        place += n
    cut[-1] = evolve(cut[-1], n_draws=cut[-1].n_draws + rest)
    keys = block_keys(cut[::-1], chunks)
    assert joined(cut, chunks) == (Stretch(1, first, sum(lengths) * 10 + rest),)
    found = [chunk for _, start, size in keys for chunk in range(start, start + size)]
    assert found == list(range(first, place))
    assert all(start % size == 0 for _, start, size in keys if size)
    assert (keys[-1] == (1, place, 0)) == (rest > 0)
    assert not overlaps(cut, chunks)
    assert len(keys) <= 2 * 8 + 1


def test_a_billion_draws_take_no_memory_for_their_chunks():
    own = chunks(10**9, 193)
    assert len(own) == -(-(10**9) // own.size) > 900_000
    assert own[-1] == (len(own) - 1, 10**9 - (len(own) - 1) * own.size)
    assert own[0] == (0, 1024)
    with pytest.raises(IndexError):
        own[len(own)]
