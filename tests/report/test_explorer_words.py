"""The words of the explorer's page: all of them are templates, and come in the language."""

import json
import re
from pathlib import Path

import pytest

from dli import Assessment, Index, Indicator, report
from dli.errors import MethodError
from dli.report import explorer
from dli.report.explorer_words import phrases_of_page, phrases_of_script, spoken, worded
from dli.report.language import ENGLISH, Language, fields_of, language_of

ROOM = Path(report.__file__).parent
MARKUP = ROOM.joinpath("explorer.html").read_text(encoding="utf-8")
SCRIPTS = {path.name: path.read_text(encoding="utf-8") for path in ROOM.glob("explorer*.js")}
NO_BREAK = "\N{NO-BREAK SPACE}"
# What reads like English in a script and is for the browser.
FOR_THE_BROWSER = re.compile(r"Arrow(Up|Down|Left|Right)|Page(Up|Down)|Home|End|Enter|Escape")
ENGLISH_WORDS = re.compile(
    r"^[A-Z][a-z]|[a-z][,;:] [a-z]|[a-z]{2}[.?]$|\b(of|the|is|are|with|no|to|from|than|what) "
)


def small():
    data = {"unit": ["X", "Y"], "a": [1, 2], "b": [5, 3]}
    return Assessment(Index("T", [Indicator("a"), Indicator("b")], "Trial"), data)


def data_of(page):
    return json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])


def forgotten(script):
    """Return the texts of a script that read like English and are no templates."""
    code = re.sub(r"/\*.*?\*/|^\s*//[^\n]*", "", script, flags=re.DOTALL | re.MULTILINE)
    texts = [
        re.sub(r"\$\{[^}]*\}", "", text[1:-1])
        for line in code.splitlines()
        for text in re.findall(r'"(?:[^"\\]|\\.)*"|`[^`]*`', line)
    ]
    templates = set(phrases_of_script(script))
    return [
        text
        for text in texts
        if ENGLISH_WORDS.search(text)
        and text not in templates
        and not FOR_THE_BROWSER.fullmatch(text)
    ]


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_no_words_of_a_script_are_forgotten(name):
    assert forgotten(SCRIPTS[name]) == []


def test_a_forgotten_word_is_found():
    script = (
        'say("Rank"); write("Score"); f(`${n} of ${m}`); g("none, it is"); say("{n} a", "{n} b")'
    )
    assert forgotten(script) == ["Score", " of ", "none, it is"]
    assert phrases_of_script(script) == ["Rank", "{n} a", "{n} b"]


def test_no_words_of_the_markup_are_forgotten():
    bare = re.sub(r"\[\[.*?\]\]", "", MARKUP, flags=re.DOTALL)
    assert re.findall(r'(?:aria-label|placeholder|title|alt)="[^"]', bare) == []
    assert re.sub(r"<[^>]*>|\$\w+", " ", bare).split() == []


def test_templates_have_named_fields_and_quotes_are_read():
    found = [
        *phrases_of_page(MARKUP),
        *(one for text in SCRIPTS.values() for one in phrases_of_script(text)),
    ]
    assert len(found) > 100
    assert all(fields_of(text) is not None for text in found)
    assert phrases_of_script(r'say("a \"b\" \u2192")') == ['a "b" →']
    assert phrases_of_page("<p>[[one\n  two]]</p>") == ["one two"]


def test_markup_comes_in_the_language_and_what_it_says_is_no_markup():
    said = Language(code="xx", messages={"One {n}": '<b> "$title" {n}'})
    assert worded("<p>[[One\n{n}]]</p>", said, n=2) == "<p>&lt;b&gt; &quot;$$title&quot; 2</p>"
    assert worded("<p>[[One {n}]]</p>", ENGLISH, n=2) == "<p>One 2</p>"


def test_a_script_is_told_its_messages_and_how_figures_are_written():
    script = 'say("{share} %")'
    assert spoken(ENGLISH, script) == {
        "code": "en", "decimal": ".", "thousands": ",", "singular": [1], "messages": {},
    }  # fmt: skip
    french = spoken(language_of("fr"), script)
    assert french["messages"] == {"{share} %": f"{{share}}{NO_BREAK}%"}
    assert (french["code"], french["decimal"], french["singular"]) == ("fr", ",", [0, 1])


def test_the_page_is_in_the_language_that_is_asked_for():
    page = explorer(small(), lang="fr")
    assert '<html lang="fr">' in page
    assert ">Revenir à l’indice publié</button>" in page
    assert "[[" not in re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert data_of(page)["language"]["messages"]["Rank"] == "Rang"
    english = explorer(small())
    assert '<html lang="en">' in english
    assert data_of(english)["language"]["messages"] == {}
    with pytest.raises(MethodError, match=r"lang must be one of 'en', 'fr', or the path"):
        explorer(small(), lang="tlh")


def test_a_page_without_comments_and_indentation_computes_the_same():
    page = explorer(small())
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert not re.search(r"^(//|/\*|[ \t]+\S)", script, re.MULTILINE)
    for text in SCRIPTS.values():  # where a line began with spaces that are text, they would go
        assert all(line.count("`") % 2 == 0 for line in text.splitlines())
        assert not re.search(r'["`][^"`\n]*/\*', text)
