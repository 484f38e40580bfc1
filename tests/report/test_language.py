"""Reports in other languages: all messages are there, the rules are kept, faults are listed."""

import ast
import tomllib
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path

import matplotlib as mpl
import pytest
from hypothesis import given
from hypothesis import strategies as st

mpl.use("Agg")

from tests.report.pages import check

from dli import Assessment, Index, Indicator, Method, assessment, datasets, models, report
from dli.capability import Capability, CapabilityGraph, Link
from dli.errors import MethodError, ModelError
from dli.normalisation import Goalposts
from dli.report import (
    Paragraph,
    Picture,
    Report,
    Section,
    Statement,
    Table,
    actions,
    grounds,
    many,
    quality,
    standing,
    studies,
    whole,
)  # fmt: skip
from dli.report.explorer_words import phrases_of_page, phrases_of_script
from dli.report.language import ENGLISH, Language, fields_of, language_of

pytestmark = pytest.mark.once

ROOM = Path(report.__file__).parent
FILES = sorted(ROOM.joinpath("languages").glob("*.toml"))
FRENCH = language_of("fr")
NO_BREAK, THIN = "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}"


@pytest.fixture(autouse=True)
def _undrawn(monkeypatch):
    """Draw nothing and make few draws: both take long, and other tests do so."""
    monkeypatch.setattr(actions, "_PLANS", 2)
    monkeypatch.setattr(studies, "_DRAWS", 20)
    for module in (whole, quality, many, standing, grounds, actions):
        monkeypatch.setattr(module, "picture", lambda _, *words: Picture(b"<svg/>", *words))


@pytest.fixture(scope="module")
def real():
    data = datasets.load("digital-government")
    return Assessment(models.load("dli-public"), data, unit="iso3")


def templates():
    """Return all templates of the room: what `say` and `key` are called with, and marked markup."""
    found = set()
    for path in ROOM.glob("*.py"):
        calls = [one for one in ast.walk(ast.parse(path.read_text())) if isinstance(one, ast.Call)]
        for call in calls:
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            if name in {"say", "key"}:
                texts = [
                    choice
                    for text in call.args
                    for choice in (
                        [text.body, text.orelse] if isinstance(text, ast.IfExp) else [text]
                    )
                ]
                found |= {one.value for one in texts if isinstance(one, ast.Constant)}
    for path in ROOM.glob("explorer*.html"):
        found.update(phrases_of_page(path.read_text(encoding="utf-8")))
    for path in ROOM.glob("explorer*.js"):
        found.update(phrases_of_script(path.read_text(encoding="utf-8")))
    return found


# -- message files ---------------------------------------------------------------------------------


def test_the_templates_of_the_room_are_found():
    found = templates()
    assert len(found) > 250
    assert {"{n} unit", "{n} units", "In short", "low sub-index"} <= found
    assert all(fields_of(text) is not None for text in found)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_language_has_each_template_and_no_other_with_the_same_fields(path):
    messages = tomllib.loads(path.read_text(encoding="utf-8"))["messages"]
    expected = templates()
    assert sorted(expected - set(messages)) == []
    assert sorted(set(messages) - expected) == []
    assert {
        text: message
        for text, message in messages.items()
        if fields_of(text) != fields_of(message) or not message.strip()
    } == {}


def test_a_flag_of_an_assessment_has_a_name():
    source = Path(assessment.__file__).parent.joinpath("flags.py").read_text()
    yields = [one.value for one in ast.walk(ast.parse(source)) if isinstance(one, ast.Yield)]
    flags = {one.elts[2].value for one in yields if isinstance(one, ast.Tuple)}
    assert "truncated" in flags
    assert flags <= set(report.parts._FLAGS)


# -- rules -----------------------------------------------------------------------------------------


def test_french_writes_numbers_ranks_and_lists_its_own_way():
    assert [FRENCH.ordinal(rank) for rank in (1, 2, 21, 1001)] == [
        "1er",
        "2e",
        "21e",
        f"1{THIN}001e",
    ]
    assert FRENCH.number(1234567.25, 2) == f"1{THIN}234{THIN}567,25"
    assert FRENCH.number(None) == FRENCH.number(float("nan")) == "–"
    assert FRENCH.percent(0.125, 1) == f"12,5{NO_BREAK}%"
    assert ENGLISH.percent(0.125, 1) == "12.5 %"
    assert FRENCH.figure(1e-9, ".3g") == "1e-09"
    assert FRENCH.joined(["a", "b", "c"]) == "a, b et c"
    assert FRENCH.joined(["a"]) == "a"
    assert FRENCH.joined([]) == ""


def test_the_singular_follows_the_language():
    said = [one.say("{n} unit", "{n} units", n=n) for one in (ENGLISH, FRENCH) for n in (0, 1, 2)]
    assert said == ["0 units", "1 unit", "2 units", "0 entité", "1 entité", "2 entités"]


def test_no_line_breaks_before_the_signs_of_french_but_in_names_nothing_changes():
    title = FRENCH.say("{unit}: {index}", unit="A : b ?", index="« c »")
    assert title == f"A : b ?{NO_BREAK}: « c »"
    quoted = FRENCH.say(', in the band "{band}"', band="haut")
    assert quoted == f", dans la classe «{NO_BREAK}haut{NO_BREAK}»"


@given(st.integers(0, 10**7), st.sampled_from([ENGLISH, FRENCH]))
def test_the_digits_of_ranks_are_kept(rank, language):
    assert "".join(sign for sign in language.ordinal(rank) if sign.isdigit()) == str(rank)
    assert language.figure(rank, ",d").replace(language.thousands, "") == str(rank)


@given(st.text().filter(lambda text: "{" not in text and "}" not in text))
def test_what_fields_contain_is_not_read_as_a_template(text):
    for language in (ENGLISH, FRENCH):
        for value in (text, "{n}", "{", "}}"):
            assert value in language.say("Note: {note}.", note=value)


# -- reports ---------------------------------------------------------------------------------------


def words(page):
    """Return all text of a report that is not a statement of methods."""
    texts = [page.title, page.subtitle]
    for section in page.sections:
        texts.append(section.title)
        for block in section.blocks:
            if isinstance(block, Paragraph):
                texts.append(block.text)
            elif isinstance(block, Picture):
                texts += [block.alt, block.caption]
            elif isinstance(block, Table):
                texts += [block.caption, *block.head]
    return texts


def test_a_unit_is_reported_in_french(real):
    page = report.of_unit(real, "KEN", by="income_group", lang="fr")
    said = " ".join(words(page)).replace(NO_BREAK, " ").replace(THIN, " ")
    assert "Kenya (KEN) obtient un score de 60,1 et se classe 81e sur 193" in said
    assert "Certains textes sont en anglais" in said
    titles = [section.title for section in page.sections]
    assert titles[:3] == ["L’essentiel", "Profil", "Pairs"]
    for english in (" the ", " of ", " is ", " are ", " its "):
        assert english not in said.replace("Digital Leadership Index on public figures", "")
    html = page.html()
    check(html, "fr")
    assert '<nav aria-label="Sommaire">' in html
    assert html.count('<div lang="en">') == 1


def test_an_index_is_reported_in_french(real):
    page = report.of_index(real, lang="fr")
    own = [text for text in words(page) if text != real.index.description.strip()]
    said = " ".join(own).replace(NO_BREAK, " ").replace(THIN, " ")
    assert "La médiane des 193 entités est de 52,5" in said
    assert "Valeurs manquantes : 123 sur 5 597 (2,2 %)." in said
    assert page.subtitle == "193 entités, 29 indicateurs"
    assert "en HTML" not in said
    check(page.html(), "fr")


def test_the_english_report_says_nothing_of_languages(real):
    said = " ".join(words(report.of_unit(real, "KEN")))
    assert "in English" not in said
    assert 'lang="en"' not in report.of_unit(real, "KEN").html().replace('<html lang="en">', "")


def small():
    data = {"unit": list("XYZ"), "a": [1.0, 4.0, 6.0], "b": [2.0, 9.0, 1.0]}
    index = Index("T", [Indicator(c, goalposts=(0, 10)) for c in "ab"])
    return Assessment(index, data, method=Method(normalisation=Goalposts()))


def test_two_languages_in_two_threads_do_not_mix():
    made, codes = small(), ["en", "fr"] * 4
    with ThreadPoolExecutor(4) as pool:
        pages = list(pool.map(lambda code: report.of_unit(made, "X", lang=code).markdown(), codes))
    assert len(set(pages)) == 2
    assert ["## In short" in page for page in pages] == [code == "en" for code in codes]


def test_causes_and_plans_are_told_in_french():
    graph = CapabilityGraph([Capability("k", "Know")], [Link("k", "a", 0.9)])
    page = report.of_unit(small(), "X", graph=graph, budget=2, lang="fr")
    (planned,) = [one for one in page.sections if one.title == "Les priorités d’action"]
    said = " ".join(one.text for one in planned.blocks if isinstance(one, Paragraph))
    assert "Il s’appuie sur 1 lien, dont l’intensité résulte de l’appréciation" in said
    assert f"chaque intensité varie d’au plus 50{NO_BREAK}% et chaque coût" in said
    tables = [one for one in planned.blocks if isinstance(one, Table)]
    assert [row[2:4] for row in tables[1].rows] == [("Know", "capacité")]


def test_the_unit_of_costs_is_what_the_report_says():
    graph = CapabilityGraph([Capability("k")], [Link("k", "a", 0.9)])
    plan = graph.plan(small(), "X", budget=2)
    page = report.of_unit(small(), "X", graph=graph, budget=2)
    assert any(f"Costs are in {plan.cost_unit}," in text for text in words(page))


def test_ones_own_pages_are_in_the_language_that_is_asked_for():
    folded = Table("T", ["a"], [["1"]], folded=True)
    parts = [folded, Statement("Texte"), Statement("Text", lang="en")]
    page = Report("Titre", "", [Section("Un", parts)], "fr")
    assert page.lang is FRENCH
    assert "Un tableau replié (1 ligne au total) ne figure pas" in page.markdown()
    assert page.html().count('<div lang="en">') == 1
    assert hash(page) == hash(Report("Titre", "", [Section("Un", parts)], FRENCH))


# -- files of one's own ----------------------------------------------------------------------------


def written(tmp_path, change=lambda text: text):
    text = resources.files("dli.report").joinpath("languages", "fr.toml").read_text("utf-8")
    path = tmp_path / "own.toml"
    path.write_text(change(text), encoding="utf-8")
    return path


def test_a_file_of_ones_own_is_used(tmp_path):
    def change(text):
        return text.replace('code = "fr"', 'code = "fr-CH"').replace("L’essentiel", "En bref")

    page = report.of_unit(small(), "X", lang=written(tmp_path, change))
    assert page.sections[0].title == "En bref"
    assert page.lang.code == "fr-CH"
    check(page.html(), "fr-CH")
    assert (
        report.of_index(small(), lang=str(written(tmp_path, change))).sections[0].title == "En bref"
    )


def test_rules_can_be_left_to_english(tmp_path):
    def change(text):
        _, _, messages = text.partition("[messages]")
        return f'code = "fr"\n[messages]{messages}'

    own = language_of(written(tmp_path, change))
    assert own.number(1234.5) == "1,234.5"
    assert own.say("In short") == "L’essentiel"


def test_all_faults_of_a_file_are_listed(tmp_path):
    def change(text):
        text = text.replace('code = "fr"', 'code = "<b>"\nname = "x"')
        text = text.replace('"In short" = ', '"In shrot" = ').replace('"{n} entité', '"{m} entité')
        text = text.replace('"Peers" = "Pairs"', '"Peers" = 3')
        text = text.replace('"Profile" = "Profil"', '"Profile" = "{"')
        text = text.replace('"Caveats" = "Réserves"', '"Caveats" = "{n} {x!r}"')
        text = text.replace('"Change" = ', '"Change" = "{n}" #')
        text = text.replace("singular = [0, 1]", 'singular = ["a"]\nplural = 2')
        return text.replace('decimal = ","', "decimal = 1").replace('"*" = "{n}e"', '"*" = "e"')

    with pytest.raises(ModelError, match=r"the file of messages .* is not valid") as caught:
        language_of(written(tmp_path, change))
    faults = "\n".join(caught.value.faults)
    for fault in (
        "code must be that of a language, such as 'de' or 'pt-BR', got '<b>'",
        "unknown entry 'name': a file has code, [rules] and [messages]",
        "unknown rule 'plural': the rules are decimal,",
        "rule singular must be a list of whole numbers, got ['a']",
        "rule decimal must be text, got 1",
        "rule ordinals must have the field {n} for '*', got 'e'",
        "no message for 'In short'",
        "unknown message 'In shrot': the library has no such text",
        "the message for 'Peers' must be text with fields in braces, got 3",
        "the message for 'Profile' must be text with fields in braces, got '{'",
        "the message for 'Caveats' must be text with fields in braces, got '{n} {x!r}'",
        "the message for 'Change' must have the fields none, got n",
    ):
        assert fault in faults


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('code = "de"', "the table [messages] is missing"),
        ('code = "de"\nrules = 1', "rules must be a table"),
        (
            'code = "de"\n[rules]\nordinals = 1',
            "a table with a pattern '*' for all other ranks, got 1",
        ),
        ('code = "de"\n[rules.ordinals]\n"1" = "{n}."', "a table with a pattern '*'"),
    ],
)
def test_what_is_no_file_of_messages_is_refused(tmp_path, text, fault):
    path = tmp_path / "own.toml"
    path.write_text(text)
    with pytest.raises(ModelError) as caught:
        language_of(path)
    assert any(fault in one for one in caught.value.faults)


def test_an_unknown_language_is_refused_with_those_there_are(tmp_path):
    for lang in ("de", None, 3, tmp_path / "de.json"):
        with pytest.raises(MethodError, match=r"lang must be one of 'en', 'fr', or the path of"):
            report.of_unit(small(), "X", lang=lang)
    with pytest.raises(ModelError, match="cannot read the file of messages"):
        report.of_index(small(), lang=tmp_path / "none.toml")


def test_a_language_can_be_passed_on_as_it_is():
    own = Language(code="en-GB")
    assert language_of(own) is own
    assert own.is_english
