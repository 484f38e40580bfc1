"""The texts of the explorer: English templates in its markup and scripts, and translations."""

import json
import re
from html import escape
from typing import Any

from dli.report.language import Language

__all__ = ["phrases_of_page", "phrases_of_script", "spoken", "worded"]

_MARKED = re.compile(r"\[\[(.+?)\]\]", re.DOTALL)
_TEXT = r'"(?:[^"\\\n]|\\.)*"'
_SAID = re.compile(rf"\b(?:say|key)\(\s*({_TEXT})(?:,\s*({_TEXT}))?")


def phrases_of_page(markup: str) -> list[str]:
    """Return the templates of the markup, which are enclosed in double square brackets.

    Examples
    --------
    >>> phrases_of_page("<h1>[[Weights]]</h1>")
    ['Weights']
    """
    return [" ".join(text.split()) for text in _MARKED.findall(markup)]


def phrases_of_script(script: str) -> list[str]:
    """Return the templates of a script, which are the arguments of ``say`` and ``key``.

    Examples
    --------
    >>> phrases_of_script('say("{n} unit", "{n} units", { n }) + key("Rank")')
    ['{n} unit', '{n} units', 'Rank']
    """
    return [json.loads(text) for pair in _SAID.findall(script) for text in pair if text]


def worded(markup: str, language: Language, **fields: Any) -> str:
    """Return markup with its templates in a language, ready for `string.Template`."""

    def said(found: re.Match[str]) -> str:
        text = language.say(" ".join(found[1].split()), **fields)
        return escape(text).replace("$", "$$")

    return _MARKED.sub(said, markup)


def spoken(language: Language, script: str) -> dict[str, Any]:
    """Return the messages and the rules for figures that a script needs for a language."""
    phrases = () if language.is_english else sorted(set(phrases_of_script(script)))
    return {
        "code": language.code,
        "decimal": language.decimal,
        "thousands": language.thousands,
        "singular": list(language.singular),
        "messages": {phrase: language.phrase(phrase) for phrase in phrases},
    }
