"""What is remembered of an index lasts as long as the index."""

import gc
from weakref import ref

from dli import Index, Indicator
from dli.framework.once import once_per_index


def _counting():
    calls = []

    @once_per_index
    def codes(index):
        """Return the codes."""
        calls.append(index)
        return [node.code for node in index.walk()]

    return codes, calls


def test_a_result_is_found_once_for_each_index():
    codes, calls = _counting()
    one, same = (Index("T", [Indicator("a")]) for _ in range(2))
    assert codes(one) is codes(one)
    assert codes(same) == codes(one)
    assert codes(same) is not codes(one)
    assert len(calls) == 2


def test_the_function_keeps_its_name_and_words():
    codes, _ = _counting()
    assert (codes.__name__, codes.__doc__) == ("codes", "Return the codes.")


def test_an_index_that_is_gone_is_forgotten_with_its_result():
    codes, calls = _counting()
    index = Index("T", [Indicator("a")])
    codes(index)
    calls.clear()
    gone = ref(index)
    del index
    gc.collect()
    assert gone() is None
    known = codes.__closure__[[*codes.__code__.co_freevars].index("known")].cell_contents
    assert known == {}


def test_an_assessment_keeps_no_index_alive():
    from dli import Assessment

    index = Index("T", [Index("A", [Indicator("a"), Indicator("b")]), Indicator("c")])
    data = {"unit": ["X", "Y"], "a": [1, 2], "b": [2, 1], "c": [0, 1]}
    assert Assessment(index, data).rank_array("T").tolist() == [2.0, 1.0]
    gone = ref(index), ref(index.children[0])
    del index
    gc.collect()
    assert [own() for own in gone] == [None, None]


def test_what_fails_is_not_remembered():
    calls = []

    @once_per_index
    def failing(index):
        calls.append(index.code)
        raise ValueError

    index = Index("T", [Indicator("a")])
    for _ in range(2):
        try:
            failing(index)
        except ValueError:
            continue
    assert calls == ["T", "T"]
