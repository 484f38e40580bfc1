import tomllib
from collections import Counter
from importlib.resources import files

import numpy as np
import pytest

import dli
from dli import datasets, models
from dli.errors import DLIError, UnknownCodeError
from dli.framework import Index

MATURITY = models.load("dli-maturity")
PUBLIC = models.load("dli-public")
DIMENSIONS = [node for node in MATURITY.walk() if MATURITY.level(node.code) == 2]
SUB_INDICES = {
    "DS": "Digital Strategy",
    "DV": "Digital Service",
    "DG": "Digital Governance",
    "DI": "Data Intelligence",
    "DT": "Digital Technology",
}

every_model = pytest.mark.parametrize("index", [MATURITY, PUBLIC], ids=["maturity", "public"])


def test_two_models_are_bundled():
    assert models.available() == ("dli-maturity", "dli-public")


def test_unknown_models_are_named_with_the_nearest():
    with pytest.raises(UnknownCodeError, match="no model 'dli-publik'; did you mean 'dli-public'"):
        models.load("dli-publik")
    with pytest.raises(UnknownCodeError, match="no model 'x'"):
        models.load_judgements("x")


@every_model
def test_the_five_sub_indices_are_those_of_the_article(index):
    assert index.code == "DLI"
    assert {child.code: child.name for child in index.children} == SUB_INDICES
    assert all(child.description for child in index.children)


@every_model
def test_codes_begin_with_the_code_of_their_sub_index(index):
    for sub_index in index.children:
        assert all(node.code.startswith(sub_index.code) for node in sub_index.walk())


@every_model
def test_all_weights_are_equal(index):
    assert {node.weight for node in index.walk()} == {1.0}


@every_model
def test_all_directions_are_up_and_methods_are_left_to_the_user(index):
    assert {indicator.direction for indicator in index.indicators} == {1}
    branches = [node for node in index.walk() if isinstance(node, Index)]
    assert {(node.weighting, node.aggregation) for node in branches} == {(None, None)}


@every_model
def test_the_bands_are_the_four_eras(index):
    assert index.bands.thresholds == (25.0, 50.0, 75.0)
    assert index.bands.names == (
        "information electronic",
        "services online",
        "services integrated",
        "intelligent governance",
    )


@every_model
def test_the_model_says_what_is_the_articles_and_what_is_ours(index):
    text = " ".join(index.description.split())
    assert '"Accelerating the Digital Transformation of Government"' in text
    assert "Forrester Consulting survey of December 2020" in text
    assert "UN E-Government Survey 2020" in text
    assert "no indicators, weights or formulas" in text
    assert "this project's operationalisation" in text


@every_model
def test_a_model_survives_being_written_and_read(index, tmp_path):
    index.save(tmp_path / "model.toml")
    assert Index.load(tmp_path / "model.toml") == index
    assert Index.from_dict(index.to_dict()) == index


@every_model
def test_descriptions_are_single_sentences(index):
    for node in index.walk():
        if node is index:
            continue
        assert node.description[0].isupper(), node.code
        assert node.description.endswith("."), node.code
        assert ". " not in node.description, node.code
        assert node.description == " ".join(node.description.split()), node.code


# The survey of maturity.


def test_the_survey_has_27_dimensions_of_two_or_three_statements():
    assert Counter(d.code[:2] for d in DIMENSIONS) == {"DS": 5, "DV": 6, "DG": 6, "DI": 5, "DT": 5}
    assert {len(dimension.children) for dimension in DIMENSIONS} == {2, 3}
    assert len(MATURITY.indicators) == 69


def test_codes_of_the_survey_count_dimensions_and_letter_statements():
    for sub_index in MATURITY.children:
        numbers = range(1, len(sub_index.children) + 1)
        assert [d.code for d in sub_index.children] == [f"{sub_index.code}{i}" for i in numbers]
    for dimension in DIMENSIONS:
        letters = "abc"[: len(dimension.children)]
        assert [s.code for s in dimension.children] == [dimension.code + x for x in letters]


def test_no_statement_and_no_name_appears_twice():
    texts = Counter(indicator.description.casefold() for indicator in MATURITY.indicators)
    assert texts.most_common(1)[0][1] == 1
    names = Counter(node.name.casefold() for node in MATURITY.walk())
    assert names.most_common(1)[0][1] == 1


def test_statements_are_short_enough_to_be_rated_and_long_enough_to_be_checked():
    for statement in MATURITY.indicators:
        assert 12 <= len(statement.description.split()) <= 25, statement.code
        assert 2 <= len(statement.name.split()) <= 5, statement.code


def test_statements_are_facts_and_no_wishes():
    for statement in MATURITY.indicators:
        words = set(statement.description.casefold().replace(",", "").rstrip(".").split())
        assert not words & {"should", "shall", "will", "appropriate", "adequate", "effective"}


def test_dimensions_say_what_of_the_article_they_put_to_work():
    for dimension in DIMENSIONS:
        part, _, what = dimension.description.partition(": ")
        assert part, dimension.code
        assert what, dimension.code
    parts = [d.description.partition(": ")[0] for d in DIMENSIONS]
    aspects = Counter(part.partition(", aspect ")[0] for part in parts if ", aspect " in part)
    assert aspects == {"Leadership": 3, "Service": 5, "Governance": 5}


def test_statements_are_rated_from_0_to_5():
    for statement in MATURITY.indicators:
        assert statement.goalposts == (0, 5)
        assert statement.scale == (0, 5)
        assert statement.unit_of_measure == "maturity 0-5"


def test_the_survey_tells_what_the_six_grades_mean():
    grades = "0 absent, 1 initial, 2 repeatable, 3 defined, 4 managed, 5 optimised"
    assert grades in " ".join(MATURITY.description.split())


@pytest.mark.parametrize(("rating", "score"), [(0, 0), (2, 40), (5, 100)])
def test_a_government_rated_the_same_throughout_has_that_share_of_the_scale(rating, score):
    ratings = {s.code: [rating, 0, 5] for s in MATURITY.indicators}
    assessment = dli.Assessment(MATURITY, {"unit": ["A", "B", "C"], **ratings})
    np.testing.assert_allclose(assessment.array("DLI"), [score, 0, 100], atol=1e-12)


def test_a_rating_outside_the_grades_is_refused():
    ratings = {s.code: [3, 4] for s in MATURITY.indicators} | {"DS1a": [3, 6]}
    with pytest.raises(DLIError, match=r"DS1a.*6"):
        dli.Assessment(MATURITY, {"unit": ["A", "B"], **ratings})


# The illustrative judgements.


def test_judgements_are_there_for_the_index_and_one_sub_index():
    assert list(models.load_judgements("dli-maturity")) == ["DLI", "DS"]
    assert models.load_judgements("dli-public") == {}


@pytest.mark.parametrize("node", ["DLI", "DS"])
def test_judgements_compare_every_pair_of_children_once(node):
    pairs = models.load_judgements("dli-maturity")[node]
    codes = [child.code for child in MATURITY.find(node).children]
    wanted = {frozenset((a, b)) for a in codes for b in codes if a != b}
    assert Counter(map(frozenset, pairs)) == Counter(dict.fromkeys(wanted, 1))


@pytest.mark.parametrize("node", ["DLI", "DS"])
def test_judgements_are_on_saatys_scale_and_consistent_enough(node):
    pairs = models.load_judgements("dli-maturity")[node]
    scale = {*range(1, 10), *(1 / i for i in range(2, 10))}
    assert all(min(abs(value - step) for step in scale) < 1e-9 for value in pairs.values())
    codes = [child.code for child in MATURITY.find(node).children]
    matrix = np.ones((len(codes), len(codes)))
    for (first, second), value in pairs.items():
        i, j = codes.index(first), codes.index(second)
        matrix[i, j], matrix[j, i] = value, 1 / value
    assert dli.weighting.ahp_priorities(matrix).consistency_ratio < 0.10


def test_judgements_are_labelled_as_an_illustration():
    text = (files(models) / "dli-maturity.toml").read_text(encoding="utf-8")
    for table in tomllib.loads(text)["judgements"]:
        assert table["name"] == "illustration"
        assert "illustration" in table["description"]
        assert "nobody's opinion" in table["description"]


def test_the_model_does_not_use_its_judgements():
    assert MATURITY.weighting is None
    assert MATURITY.find("DS").weighting is None


# The model on public figures.


def test_the_public_model_has_29_indicators():
    counts = {child.code: len(child.children) for child in PUBLIC.children}
    assert counts == {"DS": 4, "DV": 4, "DG": 6, "DI": 9, "DT": 6}


def test_reserved_codes_are_not_used_and_are_named():
    codes = {indicator.code for indicator in PUBLIC.indicators}
    assert not codes & {"DS05", "DG07", "DG08", "DT04", "DT05", "DT06", "DT07"}
    text = " ".join(PUBLIC.description.split())
    assert "DS05, DG07, DG08 and DT04 to DT07 are reserved" in text


def test_the_limits_are_stated():
    text = " ".join(PUBLIC.description.split())
    assert "Reference years range from 2013 to 2024: the data are a snapshot, not a panel" in text
    assert "Blavatnik School of Government" in text
    assert "overlap" in text


def test_goalposts_are_set_where_the_data_must_not_set_them():
    goalposts = {i.code: i.goalposts for i in PUBLIC.indicators if i.goalposts is not None}
    governance = dict.fromkeys(["DG01", "DG02", "DG03"], (-2.5, 2.5))
    assert goalposts == {**governance, "DT03": (0, 120)}


def test_only_open_ended_figures_have_no_scale():
    without = {i.code for i in PUBLIC.indicators if i.scale is None}
    assert without == {"DG01", "DG02", "DG03", "DT02", "DT03", "DT09"}


def test_every_indicator_names_its_source_with_a_year():
    for indicator in PUBLIC.indicators:
        assert indicator.source, indicator.code
        assert "20" in indicator.source, indicator.code
        assert indicator.unit_of_measure, indicator.code


def test_indicators_are_the_figures_of_the_dataset():
    described = {c.name: c for c in datasets.describe("digital-government").columns}
    context = ["iso3", "name", "region", "wb_region", "income_group", "population_millions", "gdp_per_head"]  # fmt: skip
    assert [*context, *(i.code for i in PUBLIC.indicators)] == list(described)
    for indicator in PUBLIC.indicators:
        column = described[indicator.code]
        assert (column.meaning, column.unit_of_measure) == (indicator.name, indicator.unit_of_measure)  # fmt: skip


def test_figures_are_within_the_scales_and_differ():
    data = datasets.load("digital-government", "mapping")
    for indicator in PUBLIC.indicators:
        values = data[indicator.code]
        assert np.nanmax(values) > np.nanmin(values), indicator.code
        if indicator.scale is not None:
            low, high = indicator.scale
            assert low <= np.nanmin(values), indicator.code
            assert np.nanmax(values) <= high, indicator.code


def test_every_government_has_a_score():
    data = datasets.load("digital-government", "mapping")
    assessment = dli.Assessment(PUBLIC, data, unit="iso3")
    scores = assessment.array("DLI")
    assert scores.shape == (193,)
    assert not np.isnan(scores).any()
    assert 0 <= scores.min() < scores.max() <= 100
