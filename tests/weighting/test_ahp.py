import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dli.errors import DLIWarning, InconsistentJudgementsError, MethodError, ModelError
from dli.framework import Indicator
from dli.framework.choices import read_choice
from dli.weighting import (
    AHP,
    GroupAHP,
    ahp_hierarchy,
    ahp_priorities,
    geometric_threshold,
    group_consensus,
    group_judgements,
    group_priorities,
    random_index,
    revisions,
    sample_judgements,
)

NAN = float("nan")
pytestmark = pytest.mark.filterwarnings("ignore::dli.DLIWarning")
CHILDREN = [Indicator(code) for code in "abc"]
VALUES = np.zeros((2, 3))
PAIRS = {("a", "b"): 2, ("b", "c"): 3, ("a", "c"): 6}
SCALE = [1 / 9, 1 / 7, 1 / 5, 1 / 3, 1 / 2, 1, 2, 3, 5, 7, 9]
METHODS = ("eigenvector", "geometric", "normalised columns")


def judged(draws):
    """Give the reciprocal matrix of judgements above the diagonal."""
    n = int((1 + np.sqrt(1 + 8 * len(draws))) / 2)
    matrix = np.eye(n)
    i, j = np.triu_indices(n, 1)
    matrix[i, j], matrix[j, i] = draws, 1 / np.asarray(draws)
    return matrix


@st.composite
def matrices(draw, least=2, most=9):
    n = draw(st.integers(least, most))
    size = n * (n - 1) // 2
    return judged(draw(st.lists(st.sampled_from(SCALE), min_size=size, max_size=size)))


# One matrix


@given(matrices())
def test_priorities_are_the_eigenvector_and_its_value(matrix):
    found = ahp_priorities(matrix)
    np.testing.assert_allclose(matrix @ found.weights, found.lambda_max * found.weights, rtol=1e-9)
    assert found.weights.sum() == pytest.approx(1)
    assert found.lambda_max >= len(matrix) - 1e-9
    np.testing.assert_array_equal(found.completed, matrix)
    assert not found.completed.flags.writeable


@pytest.mark.parametrize("method", METHODS)
@given(weights=hnp.arrays(np.float64, st.integers(1, 30), elements=st.floats(0.1, 9)))
def test_consistent_judgements_give_back_the_weights(method, weights):
    found = ahp_priorities(weights[:, np.newaxis] / weights, method=method)
    np.testing.assert_allclose(found.weights, weights / weights.sum(), rtol=1e-9)
    assert found.consistency_ratio == pytest.approx(0, abs=1e-12)


def test_the_geometric_index_follows_its_definition():
    matrix = judged([3, 1 / 5, 2, 7, 1 / 2, 4])
    w = ahp_priorities(matrix, method="geometric").weights
    errors = [np.log(matrix[i, j] * w[j] / w[i]) for i in range(4) for j in range(i + 1, 4)]
    expected = 2 / (3 * 2) * np.sum(np.square(errors))
    assert ahp_priorities(matrix).geometric_consistency_index == pytest.approx(expected)
    assert [geometric_threshold(n) for n in (2, 3, 4, 5)] == [0.31, 0.31, 0.35, 0.37]


def test_normalised_columns_worked_by_hand():
    # Columns 1, 1/2 and 2, 1 both give 2/3, 1/3; a third item at 1 to each shifts them.
    found = ahp_priorities(judged([2, 1, 1]), method="normalised columns")
    expected = np.mean(
        [[2 / 5, 1 / 5, 2 / 5], [2 / 4, 1 / 4, 1 / 4], [1 / 3, 1 / 3, 1 / 3]], axis=0
    )
    np.testing.assert_allclose(found.weights, expected)


def test_random_indices_of_four_tables():
    matrix = judged([3, 1 / 5, 2, 7, 1 / 2, 4])
    index = ahp_priorities(matrix).consistency_index
    for table, value in (("saaty-1980", 0.90), ("saaty-2005", 0.89), ("donegan-dodd", 0.8286), ("alonso-lamata", 0.8815)):  # fmt: skip
        ratio = ahp_priorities(matrix, random_index=table).consistency_ratio
        assert ratio == pytest.approx(index / value)
    assert random_index(2) == 0
    assert random_index(20) == pytest.approx((2.7699 * 20 - 4.3513 - 20) / 19)
    rng = np.random.default_rng(0)
    stack = np.stack([judged(rng.choice(SCALE, 190)) for _ in range(50)])
    assert 0.7 < ahp_priorities(stack).consistency_ratio.mean() < 1.3
    with pytest.raises(MethodError, match=r"one of saaty-1980.*got 'saaty'"):
        ahp_priorities(matrix, random_index="saaty")
    with pytest.raises(MethodError, match="got 'saaty'"):
        AHP(matrix, random_index="saaty")


@pytest.mark.parametrize(
    ("table", "published"),
    [
        ("saaty-1980", [0.58, 0.9, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59]),
        ("saaty-2005", [0.52, 0.89, 1.11, 1.25, 1.35, 1.4, 1.45, 1.49, 1.52, 1.54, 1.56, 1.58, 1.59]),
        (
            "donegan-dodd",
            [
                0.4914, 0.8286, 1.0591, 1.1797, 1.2519, 1.3171, 1.3733, 1.4055, 1.4213, 1.4497,
                1.4643, 1.4822, 1.4969,
            ],
        ),
        (
            "alonso-lamata",
            [
                0.5245, 0.8815, 1.1086, 1.2479, 1.3417, 1.4056, 1.4499, 1.4854, 1.5141, 1.5365,
                1.5551, 1.5713, 1.5838,
            ],
        ),
    ],
)  # fmt: skip
def test_random_indices_of_all_orders_are_those_published(table, published):
    assert [random_index(n, table) for n in range(3, 16)] == published
    line = [(2.7699 * n - 4.3513 - n) / (n - 1) for n in range(3, 16)]
    assert published == pytest.approx(line, abs=0.11)
    assert random_index(16, table) == pytest.approx((2.7699 * 16 - 4.3513 - 16) / 15)


def test_reciprocals_may_carry_the_rounding_of_a_file():
    found = ahp_priorities([[1, 3, 6], [0.333, 1, 2], [0.167, 0.5, 1]])
    np.testing.assert_allclose(found.weights, [6 / 9, 2 / 9, 1 / 9])
    with pytest.raises(MethodError, match=r"\(0, 1\): 3, but \(1, 0\): 0.3"):
        ahp_priorities([[1, 3], [0.3, 1]])


# Thousands


@pytest.mark.parametrize("method", METHODS)
def test_a_stack_gives_what_each_matrix_gives(method):
    rng = np.random.default_rng(1)
    for n in (1, 2, 3, 9):
        draws = rng.choice(SCALE, (2, 40, n * (n - 1) // 2))
        stack = np.stack([[judged(d) if n > 1 else np.eye(1) for d in row] for row in draws])
        found = ahp_priorities(stack, method=method)
        assert found.weights.shape == (2, 40, n)
        assert found.consistency_ratio.shape == (2, 40)
        for i, j in ((0, 0), (1, 39), (0, 17)):
            one = ahp_priorities(stack[i, j], method=method)
            np.testing.assert_allclose(found.weights[i, j], one.weights, atol=1e-10)
            for name in ("lambda_max", "consistency_ratio", "geometric_consistency_index"):
                assert getattr(found, name)[i, j] == pytest.approx(getattr(one, name), abs=1e-9)


def test_matrices_that_hardly_converge_are_decomposed():
    # Nearly a circle of extreme judgements: the second eigenvalue is almost as large as the first.
    circle = judged([1e4, 1e-4, 2e4])
    alone = ahp_priorities(circle).weights
    np.testing.assert_allclose(ahp_priorities(np.stack([circle] * 12)).weights[5], alone)
    mixed = np.stack([circle, *[judged([2, 6, 3])] * 20, circle, circle])
    np.testing.assert_allclose(ahp_priorities(mixed).weights[[0, -1]], [alone, alone])


def test_a_bad_matrix_in_a_stack_is_named():
    stack = np.stack([judged([2, 6, 3])] * 3)
    stack[1, 0, 2] = -1
    with pytest.raises(MethodError, match=r"\(0, 2\) of matrix 1: -1 is not a number above zero"):
        ahp_priorities(stack)
    with pytest.raises(MethodError, match=r"square matrices \(..., n, n\), got shape \(3,\)"):
        ahp_priorities([1, 2, 3])


# Missing judgements


def test_a_published_completion():
    # The example of the test suite of AHPy: completed 0.730297, weights .3738 .392 .0985 .1357.
    matrix = [[1, 1, 5, 2], [1, 1, 3, 4], [1 / 5, 1 / 3, 1, NAN], [1 / 2, 1 / 4, NAN, 1]]
    found = ahp_priorities(matrix)
    assert found.completed[2, 3] == pytest.approx(0.730297, abs=1e-6)
    assert found.completed[3, 2] == pytest.approx(1 / found.completed[2, 3])
    np.testing.assert_allclose(found.weights, [0.3738, 0.3920, 0.0985, 0.1357], atol=5e-5)


@given(matrices(4, 7), st.randoms())
def test_no_other_completion_has_a_smaller_eigenvalue(matrix, random):
    n = len(matrix)
    gaps = matrix.copy()
    # A star of judgements stays, so that all items are joined.
    for i in range(1, n):
        for j in range(i + 1, n):
            if random.random() < 0.5:
                gaps[i, j] = gaps[j, i] = NAN
    found = ahp_priorities(gaps)
    known = ~np.isnan(gaps)
    np.testing.assert_allclose(found.completed[known], gaps[known])
    for _ in range(5):
        other = found.completed.copy()
        for i, j in np.argwhere(np.triu(~known)).tolist():
            other[i, j] *= np.exp(random.uniform(-0.3, 0.3))
            other[j, i] = 1 / other[i, j]
        assert ahp_priorities(other).lambda_max >= found.lambda_max - 1e-9


def test_judgements_that_follow_from_others_are_found():
    chain = AHP([["a", "b", 2], ["b", "c", 3]])
    np.testing.assert_allclose(chain.weights(VALUES, CHILDREN), [0.6, 0.3, 0.1], atol=1e-7)
    assert ahp_priorities([[1, 2], [NAN, NAN]]).completed.tolist() == [[1, 2], [0.5, 1]]
    stack = ahp_priorities([[[1, 2, NAN], [0.5, 1, 3], [NAN, 1 / 3, 1]], judged([1, 1, 1])])
    np.testing.assert_allclose(stack.weights, [[0.6, 0.3, 0.1], [1 / 3] * 3], atol=1e-7)


def test_groups_that_no_judgement_joins_are_named():
    matrix = np.full((4, 4), NAN)
    matrix[0, 2] = matrix[1, 3] = 3
    with pytest.raises(InconsistentJudgementsError, match=r"(?s)no judgement connects.*0, 2.*1, 3"):
        ahp_priorities(matrix)


# The scheme


def test_intervals_give_their_middle_and_can_be_drawn_from():
    scheme = AHP([["a", "b", [1, 4]], ["b", "c", 3], ["a", "c", [6, 6]]])
    np.testing.assert_allclose(scheme.weights(VALUES, CHILDREN), [0.6, 0.3, 0.1])
    drawn = scheme.sample_weights("abc", 200, rng=1)
    assert drawn.shape == (200, 3)
    np.testing.assert_allclose(drawn.sum(axis=1), 1)
    assert drawn[:, 0].std() > 0.01
    np.testing.assert_array_equal(scheme.sample_weights("abc", 200, rng=1), drawn)
    certain = AHP(PAIRS).sample_weights("abc", 3)
    np.testing.assert_allclose(certain, [[0.6, 0.3, 0.1]] * 3)


@given(st.floats(0.2, 5), st.floats(1, 4))
def test_drawn_judgements_stay_within_their_bounds(low, width):
    high = low * width
    drawn = sample_judgements([[1, low], [1 / high, 1]], [[1, high], [1 / low, 1]], 50, rng=0)
    assert (drawn[:, 0, 1] >= low * (1 - 1e-12)).all()
    assert (drawn[:, 0, 1] <= high * (1 + 1e-12)).all()
    np.testing.assert_allclose(drawn[:, 0, 1] * drawn[:, 1, 0], 1)


def test_a_matrix_may_hold_gaps_and_intervals():
    rows = [[1, 2, None], [0.5, 1, (2, 4.5)], [NAN, (1 / 4.5, 0.5), 1]]
    scheme = AHP(rows)
    np.testing.assert_allclose(scheme.weights(VALUES, CHILDREN), [0.6, 0.3, 0.1], atol=1e-7)
    assert scheme == AHP([list(row) for row in rows])
    assert scheme.codes is None
    assert AHP([["a", "b", np.float64(2)]]) == AHP({("a", "b"): 2.0})
    assert AHP(np.array([[1, np.nan], [2, 1]])).judgements == ((1.0, None), (2.0, 1.0))
    assert AHP([["a", "b", None], ["a", "b", 2]]).codes == ("a", "b")
    np.testing.assert_allclose(AHP([["a", "b", None], ["a", "b", 2]]).priorities("ab").weights, [2 / 3, 1 / 3])  # fmt: skip


def test_judgements_beyond_the_scale_are_told():
    scheme = AHP({("a", "b"): 12, ("b", "c"): 1, ("a", "c"): 12})
    with pytest.warns(
        DLIWarning, match=r"beyond the scale from 1/9 to 9: \(a, b\): 12, \(a, c\): 12"
    ):
        scheme.weights(VALUES, CHILDREN)


def test_contradictions_are_an_error_on_demand():
    contrary = {("a", "b"): 5, ("b", "c"): 5, ("a", "c"): 1 / 5}
    with pytest.raises(
        InconsistentJudgementsError, match=r"on a, b, c have a consistency ratio of"
    ):
        AHP(contrary, strict=True).weights(VALUES, CHILDREN)
    with pytest.warns(DLIWarning, match="above 0.1"):
        AHP(contrary).weights(VALUES, CHILDREN)
    assert AHP(contrary, limit=9).weights(VALUES, CHILDREN).sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: AHP({"ab": 3}), MethodError, "must have pairs as keys"),
        (lambda: AHP([[1, "x"], [2, 1]]).priorities("ab"), MethodError, r"(?s)or intervals of them.*row 0, column 1: a judgement must be a number above 0, got 'x'"),
        (lambda: AHP([[1, (3, 2)], [2, 1]]).priorities("ab"), MethodError, r"row 0, column 1: the interval \(3, 2\) must have its lower end first"),
        (lambda: AHP([["a", "b", [1, 2, 3]]]).priorities("ab"), MethodError, r"\(a, b\): an interval must be two numbers above 0, got \(1, 2, 3\)"),
        (lambda: AHP([["a", "b", 3], ["b", "a", [1, 2]]]).priorities("ab"), InconsistentJudgementsError, r"judged 0.333333 and 1 to 2"),
        (lambda: sample_judgements([[1, 3], [1, 1]], [[1, 2], [1, 1]], 2), MethodError, r"\(0, 1\): 3 to 2"),
    ],
    ids=range(6),
)  # fmt: skip
def test_judgements_that_cannot_be_read_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


# Which judgement to think over


def test_the_judgement_that_was_spoiled_comes_first():
    weights = np.array([5, 3, 2, 1])
    matrix = weights[:, np.newaxis] / weights
    matrix[1, 3], matrix[3, 1] = 1 / 4, 4
    ranked = revisions(matrix)
    assert len(ranked) == 6
    assert (ranked[0].first, ranked[0].second) == (1, 3)
    assert ranked[0].judged == 0.25
    assert ranked[0].suggested > 0.6
    before = ahp_priorities(matrix).consistency_ratio
    assert ranked[0].consistency_ratio < before
    assert ranked[0].consistency_ratio == min(r.consistency_ratio for r in ranked)


@given(matrices(3, 6))
def test_the_first_revision_never_adds_contradiction(matrix):
    first = revisions(matrix)[0]
    assert first.consistency_ratio <= ahp_priorities(matrix).consistency_ratio + 1e-9


def test_revisions_name_codes_and_leave_out_what_nobody_judged():
    scheme = AHP({("a", "b"): 2, ("b", "c"): 3, ("a", "c"): 1, ("c", "d"): 2})
    found = scheme.revisions(list("abcd"))
    assert {(r.first, r.second) for r in found} == {("a", "b"), ("a", "c"), ("b", "c"), ("c", "d")}
    assert {found[-1].first, found[-1].second} == {"c", "d"}
    assert revisions([[1]]) == ()


# Hierarchies


def test_effective_weights_are_products_and_sum_over_parents():
    judgements = {
        "goal": AHP([["x", "y", 3]]),
        "x": AHP([[1, 1], [1, 1]], items=["a", "b"]),
        "y": AHP([["b", "c", 4]]),
    }
    found = ahp_hierarchy("goal", judgements)
    expected = {"goal": 1, "x": 0.75, "y": 0.25, "a": 0.375, "b": 0.375 + 0.2, "c": 0.05}
    assert found.effective == pytest.approx(expected)
    np.testing.assert_allclose(found.local["y"].weights, [0.8, 0.2])


def test_hierarchies_that_are_none_are_refused():
    with pytest.raises(MethodError, match=r"(?s)x: its items are not named.*the root 'goal'"):
        ahp_hierarchy("goal", {"x": AHP([[1]])})
    with pytest.raises(MethodError, match="its own ancestor: x > y > x"):
        ahp_hierarchy("x", {"x": AHP([["y", "z", 1]]), "y": AHP([["x", "z", 1]])})


# Groups


def test_joined_judgements_are_geometric_means_and_stay_reciprocal():
    stack = np.stack([judged([2, 4, 1]), judged([8, 1, 1 / 4])])
    joined = group_judgements(stack)
    np.testing.assert_allclose(joined, judged([4, 2, 1 / 2]))
    np.testing.assert_allclose(group_judgements(stack, [1, 0]), stack[0])
    gaps = stack.copy()
    gaps[0, 0, 1] = gaps[0, 1, 0] = gaps[:, 1, 2] = gaps[:, 2, 1] = NAN
    joined = group_judgements(gaps)
    assert joined[0, 1] == pytest.approx(8)
    assert np.isnan(joined[1, 2])


def test_joined_priorities():
    own = [[0.8, 0.2], [0.2, 0.8]]
    np.testing.assert_allclose(group_priorities(own, [3, 1]), [0.65, 0.35])
    geometric = group_priorities(own, [3, 1], mean="geometric")
    assert geometric[0] / geometric[1] == pytest.approx(4 ** (3 / 4) / 4 ** (1 / 4))


def test_no_expert_counts_more_by_larger_numbers():
    shares, points = [[0.8, 0.2], [0.2, 0.8]], [[8, 2], [0.2, 0.8]]
    np.testing.assert_allclose(group_priorities(points), group_priorities(shares), rtol=1e-14)
    assert group_consensus(points) == pytest.approx(group_consensus(shares), abs=1e-14)


@given(hnp.arrays(np.float64, (3, 4), elements=st.floats(0.05, 1)))
def test_consensus_lies_between_none_and_all(raw):
    own = raw / raw.sum(axis=1, keepdims=True)
    assert group_consensus(own) <= 1 + 1e-12
    assert group_consensus(own[[0, 0, 0]]) == pytest.approx(1)
    assert group_consensus(own) <= group_consensus(own * 0.5 + own.mean(axis=0) * 0.5) + 1e-9


def test_consensus_of_opposed_experts_is_none():
    opposed = np.array([[0.9, 0.1], [0.1, 0.9]])
    assert group_consensus(opposed) == pytest.approx(0, abs=1e-12)
    assert group_consensus([[1.0], [1.0]]) == 1


def test_a_group_tells_its_members_and_its_consensus():
    scheme = GroupAHP(
        {"Ann": PAIRS, "Bob": {("a", "b"): 1 / 2, ("b", "c"): 2}},
        expert_weights={"Bob": 1, "Ann": 3},
    )
    found = scheme.priorities("abc")
    assert list(found.experts) == ["Ann", "Bob"]
    np.testing.assert_allclose(found.experts["Ann"].weights, [0.6, 0.3, 0.1])
    np.testing.assert_allclose(found.weights, found.joined.weights)
    shares, each = scheme.expert_priorities("abc")
    np.testing.assert_allclose(shares, [0.75, 0.25])
    np.testing.assert_allclose(each, [own.weights for own in found.experts.values()])
    assert found.joined.completed[0, 1] == pytest.approx(2**0.75 * 0.5**0.25)
    assert 0 < found.consensus < 1
    for join, mean in (
        ("arithmetic priorities", "arithmetic"),
        ("geometric priorities", "geometric"),
    ):
        other = GroupAHP(scheme.experts, expert_weights={"Ann": 3, "Bob": 1}, join=join)
        own = [found.experts[name].weights for name in ("Ann", "Bob")]
        expected = group_priorities(own, [3, 1], mean=mean)
        np.testing.assert_allclose(other.weights(VALUES, CHILDREN), expected)
        assert join in other.describe()


def test_a_contradictory_expert_is_named():
    contrary = {("a", "b"): 5, ("b", "c"): 5, ("a", "c"): 1 / 5}
    scheme = GroupAHP({"Ann": PAIRS, "Bob": contrary}, expert_weights={"Ann": 9, "Bob": 1})
    with pytest.warns(DLIWarning, match="the judgements of Bob on a, b, c have a consistency"):
        scheme.weights(VALUES, CHILDREN)
    strict = GroupAHP({"Bob": contrary}, strict=True)
    with pytest.raises(InconsistentJudgementsError, match="of Bob on a, b, c"):
        strict.weights(VALUES, CHILDREN)


def test_repeated_judgements_can_be_drawn_from():
    bob = {("a", "b"): 1 / 2, ("c", "b"): 1 / 2}
    scheme = GroupAHP({"Ann": [["a", "b", 2], ["b", "c", 3]], "Bob": bob})
    drawn = scheme.sample_weights(list("abc"), 300, rng=2)
    assert drawn.shape == (300, 3)
    ratios = np.unique((drawn[:, 0] / drawn[:, 1]).round(5))
    np.testing.assert_allclose(ratios, [0.5, 2], atol=1e-4)
    np.testing.assert_array_equal(scheme.sample_weights(list("abc"), 300, rng=2), drawn)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: group_judgements(np.eye(2)), r"shape \(n_experts, n, n\), got \(2, 2\)"),
        (lambda: group_judgements([judged([2, 2, 1]) * [1, 0, 1]]), r"expert 0, \(0, 1\): 0"),
        (lambda: group_judgements([np.eye(1), np.eye(1)], [1, -1]), r"2 numbers of at least 0, not all 0, got \[1.0, -1.0\]"),
        (lambda: group_priorities([[1.0]], [1, 2]), "must be 1 numbers"),
        (lambda: group_priorities([[1.0]], mean="median"), "arithmetic or geometric, got 'median'"),
        (lambda: GroupAHP([PAIRS]), "a mapping of names to judgements"),
        (lambda: GroupAHP({}), "a mapping of names to judgements"),
        (lambda: GroupAHP({"Ann": PAIRS}, join="votes"), "join must be one of judgements, .* got 'votes'"),
        (lambda: GroupAHP({"Ann": PAIRS}, method="mean"), "got 'mean'"),
        (lambda: GroupAHP({"Ann": PAIRS}, expert_weights={"Bob": 1}), r"(?s)contain every expert.*'Ann'.*'Bob'"),
        (lambda: GroupAHP({"Ann": PAIRS}, expert_weights={"Ann": 0}), "not all 0"),
        (lambda: GroupAHP({"Ann": {("a", "b"): 2}}).priorities("abc"), r"(?s)no judgement connects.*a, b.*c"),
    ],
    ids=range(12),
)  # fmt: skip
def test_groups_that_cannot_be_joined_are_refused(call, message):
    with pytest.raises(MethodError, match=message):
        call()


# Completions


STAR = [[1, 2, NAN, 1], [1 / 2, 1, 4, NAN], [NAN, 1 / 4, 1, 1 / 9], [1, NAN, 9, 1]]


def test_harker_counts_missing_judgements_on_the_diagonal():
    matrix = np.array(STAR)
    b = np.where(np.isnan(matrix), 0, matrix) + np.diag(np.isnan(matrix).sum(axis=1))
    values, vectors = np.linalg.eig(b)
    vector = np.abs(vectors[:, values.real.argmax()].real)
    result = ahp_priorities(matrix, completion="harker")
    np.testing.assert_allclose(result.weights, vector / vector.sum())
    assert result.lambda_max == pytest.approx(values.real.max())


def test_least_squares_fit_the_judgements_that_there_are():
    matrix = np.array(STAR)
    result = ahp_priorities(matrix, completion="least_squares", method="geometric")
    known = np.triu(~np.isnan(matrix), 1)

    def objective(logs):
        return np.square((np.log(matrix) - logs[:, None] + logs)[known]).sum()

    best = objective(np.log(result.weights))
    rng = np.random.default_rng(3)
    for _ in range(50):
        assert objective(np.log(result.weights) + 0.1 * rng.normal(size=4)) > best
    assert result.geometric_consistency_index == pytest.approx(2 / 6 * best)


def test_completions_agree_where_nothing_contradicts_and_are_options_of_the_schemes():
    chain = [["a", "b", 2], ["b", "c", 3]]
    for completion in ("eigenvalue", "harker", "least_squares"):
        for scheme in (
            AHP(chain, completion=completion),
            GroupAHP({"Ann": chain}, completion=completion),
        ):
            weights = scheme.weights(VALUES, CHILDREN)
            np.testing.assert_allclose(weights, [0.6, 0.3, 0.1], atol=1e-7)
            drawn = scheme.sample_weights("abc", 4, rng=0)
            np.testing.assert_allclose(drawn, [[0.6, 0.3, 0.1]] * 4, atol=1e-7)
    with pytest.raises(MethodError, match="completion must be one of eigenvalue, harker, least"):
        AHP(chain, completion="mean")
    with pytest.raises(MethodError, match="got 'mean'"):
        ahp_priorities(STAR, completion="mean")


# Doubtful judgements, the same everywhere


CONTRARY = {("a", "b"): 5, ("b", "c"): 5, ("a", "c"): 1 / 5}
BEYOND = {("a", "b"): 12, ("b", "c"): 1, ("a", "c"): 12}


@pytest.mark.parametrize(
    ("call", "whose"),
    [
        (lambda j, **k: AHP(j, **k).weights(VALUES, CHILDREN), "on a, b, c"),
        (lambda j, **k: GroupAHP({"Ann": j}, **k).weights(VALUES, CHILDREN), "of Ann on a, b, c"),
        (lambda j, **k: ahp_priorities(AHP(j).matrix("abc"), **k), "on 0, 1, 2"),
        (lambda j, **k: ahp_hierarchy("T", {"T": AHP(j, **k)}), "of T on a, b, c"),
    ],
    ids=["AHP", "GroupAHP", "ahp_priorities", "ahp_hierarchy"],
)
def test_doubtful_judgements_are_told_alike(call, whose):
    """Only AHP told of the scale, and a hierarchy told nothing, not even when strict."""
    with pytest.warns(DLIWarning, match=r"beyond the scale from 1/9 to 9: \((a, b|0, 1)\): 12"):
        call(BEYOND)
    with pytest.warns(DLIWarning, match=f"judgements {whose} have a consistency ratio of"):
        call(CONTRARY)
    with pytest.raises(InconsistentJudgementsError, match=f"{whose} have a consistency ratio"):
        call(CONTRARY, strict=True)
    call(CONTRARY, strict=True, limit=9)


def test_ends_of_intervals_beyond_the_scale_are_told():
    scheme = AHP([["a", "b", [4, 16]], ["b", "c", 1], ["a", "c", 8]])
    for call in (
        lambda: scheme.weights(VALUES, CHILDREN),
        lambda: scheme.sample_weights("abc", 3, rng=0),
    ):
        with pytest.warns(DLIWarning, match=r"beyond the scale from 1/9 to 9: \(a, b\): 4 to 16"):
            call()
    with pytest.warns(DLIWarning, match=r"\(0, 1\): 4 to 16"):
        sample_judgements(*scheme.bounds("abc"), 3, rng=0)
    # Of a matrix with one half missing the half that is there is told.
    with pytest.warns(DLIWarning, match=r"\(1, 0\): 0.1"):
        ahp_priorities([[1, NAN], [0.1, 1]])


@pytest.mark.filterwarnings("error")
def test_a_stack_is_told_in_its_result_or_refused_when_strict():
    stack = np.stack([judged([2, 6, 3]), AHP(CONTRARY).matrix("abc"), judged([12, 12, 1])])
    assert (ahp_priorities(stack).consistency_ratio > 0.1).tolist() == [False, True, False]
    with pytest.raises(InconsistentJudgementsError, match=r"matrix \(1,\): \d"):
        ahp_priorities(stack, strict=True)
    assert ahp_priorities(stack, strict=True, limit=9).weights.shape == (3, 3)


class Frame:
    """A table whose rows are not what iterating gives, as with pandas."""

    def __iter__(self):
        return iter(["first", "second", "value"])

    def __repr__(self):
        return "Frame()"


def test_judgements_that_are_no_ratios_are_refused_when_a_model_is_read():
    with pytest.raises(ModelError, match=r"\(a, b\): a judgement must be a number above 0, got -3"):
        read_choice("weighting", {"method": "AHP", "judgements": [["a", "b", -3]]})
    for call, message in (
        (lambda: GroupAHP({"Ann": [["a", "b", -3]]}), "above 0, got -3"),
        (lambda: AHP([["a", "b", True]]), "above 0, got True"),
        (lambda: AHP(["a", "b"]), "a list of pairs such as"),
        (lambda: AHP("abc"), "a list of pairs such as"),
        (
            lambda: AHP(Frame()),
            r"got Frame\(\) .* convert a data frame of another library to rows first",
        ),
        (lambda: AHP(PAIRS, limit="x"), "limit must be a number of at least 0, got 'x'"),
        (lambda: ahp_priorities([[1]], limit=-1), "limit must be"),
        (lambda: ahp_priorities([["x"]]), "judgements must be numbers"),
        (lambda: AHP(PAIRS).sample_weights("abc", 0), "n_samples must be a whole number"),
        (lambda: GroupAHP({"A": PAIRS}).sample_weights("abc", 2.5), "n_samples must be"),
        (lambda: AHP(PAIRS).sample_weights("abc", 2, rng="x"), "rng"),
        (lambda: GroupAHP({"A": PAIRS}, expert_weights={"A": -1}), "'A' must be a number of at"),
        (lambda: GroupAHP({"A": PAIRS}, expert_weights=[1]), "must be a mapping of codes"),
    ):
        with pytest.raises(MethodError, match=message):
            call()


def test_alternatives_may_be_the_leaves_of_a_hierarchy():
    judgements = {
        "goal": AHP([["cost", "speed", 3]]),
        "cost": AHP([["x", "y", 4]]),
        "speed": AHP([["y", "x", 9]]),
    }
    effective = ahp_hierarchy("goal", judgements).effective
    assert effective["x"] == pytest.approx(0.75 * 0.8 + 0.25 * 0.1)
    assert effective["x"] + effective["y"] == pytest.approx(1)


def test_all_nodes_and_experts_that_contradict_themselves_are_named():
    strict = AHP(CONTRARY, strict=True)
    other = {("x", "y"): 5, ("y", "z"): 5, ("x", "z"): 1 / 5}
    for call in (
        lambda: ahp_hierarchy("T", {"T": strict, "a": AHP(other, strict=True)}),
        lambda: GroupAHP({"T": CONTRARY, "a": CONTRARY}, strict=True).weights(VALUES, CHILDREN),
    ):
        with pytest.raises(InconsistentJudgementsError, match=r"(?s)several.*of T on.*of a on"):
            call()
