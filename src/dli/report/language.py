"""The language of a report: its messages, and how it writes numbers, ranks and lists.

The English text in the code is the key to the other languages, as with gettext. A language is
passed along, and there is no global state: reports in several languages can be made at once.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from os import PathLike, fspath
from pathlib import Path
from string import Formatter
from typing import Any

import numpy as np
from attrs import field, frozen

from dli.errors import MethodError, ModelError
from dli.files import read_toml

__all__ = ["ENGLISH", "Language", "fields_of", "key", "language_of"]

_ORDINALS = {"*1[0-9]": "{n}th", "*1": "{n}st", "*2": "{n}nd", "*3": "{n}rd", "*": "{n}th"}
_RULES = ("decimal", "thousands", "last", "singular", "ordinals", "unbroken_before",
          "unbroken_after")  # fmt: skip
_NO_BREAK = "\N{NO-BREAK SPACE}"


def key(template: str) -> str:
    """Return a template unchanged; the call marks it for the list of all templates."""
    return template


@frozen(kw_only=True)
class Language:
    """The messages of a language, and its rules for numbers, ranks and lists.

    Attributes
    ----------
    code : str
        The code of the language as in HTML, such as ``"fr"`` or ``"pt-BR"``.
    decimal, thousands : str
        The decimal mark and the separator of thousands.
    last : str
        The text that joins the last item of a list to those before it.
    singular : tuple of int
        The numbers that use the first of two templates.
    ordinals : mapping of str to str
        Templates of ranks by patterns of their digits; the first match is used.
    unbroken_before, unbroken_after : str
        The signs whose preceding or following space does not break the line.
    messages : mapping of str to str
        The templates of this language by the English templates.

    Examples
    --------
    >>> ENGLISH.say("{unit} ranks {rank} of {n}", unit="X", rank=ENGLISH.ordinal(2), n=1200)
    'X ranks 2nd of 1,200'
    >>> french = language_of("fr")
    >>> french.say("{n} unit", "{n} units", n=0), french.ordinal(1)
    ('0 entité', '1er')
    """

    code: str
    decimal: str = "."
    thousands: str = ","
    last: str = " and "
    singular: tuple[int, ...] = field(default=(1,), converter=tuple)
    ordinals: Mapping[str, str] = field(factory=_ORDINALS.copy, hash=False)
    unbroken_before: str = ""
    unbroken_after: str = ""
    messages: Mapping[str, str] = field(factory=dict, hash=False, repr=False)

    @property
    def is_english(self) -> bool:
        """Whether messages are the English templates of the code."""
        return not self.messages

    def say(self, template: str, several: str | None = None, /, **fields: Any) -> str:
        """Return a message with its fields filled in.

        Parameters
        ----------
        template : str
            The English template, with named fields.
        several : str, optional
            The English template for numbers that are not singular, chosen by the field ``n``.
        **fields : str or int
            The values of the fields; whole numbers are formatted by the rules of the language.
        """
        if several is not None and fields["n"] not in self.singular:
            template = several
        text = self.phrase(template)
        written = {
            name: self.figure(int(value), ",d") if isinstance(value, (int, np.integer)) else value
            for name, value in fields.items()
        }
        return text.format(**written)

    def phrase(self, template: str) -> str:
        """Return a template in this language, with its fields as they are."""
        return self._unbroken(self.messages[template] if self.messages else template)

    def _unbroken(self, template: str) -> str:
        """Return a template with no-break spaces beside the signs of the language."""
        if self.unbroken_before:
            template = re.sub(f" (?=[{re.escape(self.unbroken_before)}])", _NO_BREAK, template)
        if self.unbroken_after:
            template = re.sub(f"(?<=[{re.escape(self.unbroken_after)}]) ", _NO_BREAK, template)
        return template

    def figure(self, value: float, form: str) -> str:
        """Return a number in a format such as ``",.1f"``, with the marks of the language."""
        marks = {",": self.thousands, ".": self.decimal}
        return "".join(marks.get(sign, sign) for sign in format(value, form))

    def number(self, value: float | None, digits: int = 1) -> str:
        """Return a number as text, or an en dash if it is missing."""
        return "–" if value is None or np.isnan(value) else self.figure(value, f",.{digits}f")

    def percent(self, share: float, digits: int = 0) -> str:
        """Return a share as a percentage."""
        return self._unbroken(f"{self.figure(100 * share, f'.{digits}f')} %")

    def ordinal(self, rank: float) -> str:
        """Return a rank as an ordinal number, such as 1st or 22nd."""
        digits = str(int(rank))
        found = (text for pattern, text in self.ordinals.items() if fnmatchcase(digits, pattern))
        return next(found).format(n=self.figure(int(rank), ",d"))

    def joined(self, words: Sequence[str]) -> str:
        """Return words as a list within a sentence."""
        if len(words) < 2:
            return "".join(words)
        return self.last.join([", ".join(words[:-1]), words[-1]])


ENGLISH = Language(code="en")


def language_of(lang: object) -> Language:
    """Return a language by its code or from a file of messages.

    Parameters
    ----------
    lang : str, path or Language
        ``"en"``, a code of a language that is part of the library, or the path of a file of
        messages, which ends in ``.toml``.

    Raises
    ------
    MethodError
        If ``lang`` is neither a known code nor the path of such a file.
    ModelError
        If the file cannot be read, lacks messages, or contains others; all faults are listed.

    Examples
    --------
    >>> language_of("en").joined(["a", "b", "c"]), language_of("fr").joined(["a", "b", "c"])
    ('a, b and c', 'a, b et c')
    """
    if isinstance(lang, Language):
        return lang
    if isinstance(lang, str) and lang in _bundled():
        return _known(lang)
    if isinstance(lang, (str, PathLike)) and str(lang).endswith(".toml"):
        return _read(Path(fspath(lang)))
    codes = ", ".join(map(repr, _bundled()))
    msg = (
        f"lang must be one of {codes}, or the path of a file of messages in TOML that ends in "
        f".toml, got {lang!r}"
    )
    raise MethodError(msg)


@cache
def _bundled() -> tuple[str, ...]:
    """Return the codes of the languages that are part of the library."""
    files = resources.files("dli.report").joinpath("languages").iterdir()
    others = sorted(file.name.removesuffix(".toml") for file in files if ".toml" in file.name)
    return "en", *others


@cache
def _known(code: str) -> Language:
    if code == "en":
        return ENGLISH
    place = resources.files("dli.report").joinpath("languages", f"{code}.toml")
    with resources.as_file(place) as path:
        tables = read_toml(path, "file of messages")
    return Language(code=tables["code"], **tables["rules"], messages=tables["messages"])


def _read(path: Path) -> Language:
    """Return the language of a user's file, which needs the same messages as the bundled ones."""
    tables = read_toml(path, "file of messages")
    faults = list(_faults(tables))
    if faults:
        msg = f"the file of messages {str(path)!r} is not valid"
        raise ModelError(msg, faults)
    return Language(code=tables["code"], **tables.get("rules", {}), messages=tables["messages"])


def _faults(tables: Mapping[str, Any]) -> Iterator[str]:
    code, messages = tables.get("code"), tables.get("messages")
    if not isinstance(code, str) or not re.fullmatch(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", code):
        yield f"code must be that of a language, such as 'de' or 'pt-BR', got {code!r}"
    for name in tables:
        if name not in {"code", "rules", "messages"}:
            yield f"unknown entry {name!r}: a file has code, [rules] and [messages]"
    yield from _rule_faults(tables.get("rules", {}))
    if not isinstance(messages, Mapping):
        yield "the table [messages] is missing"
        return
    expected = _known("fr").messages
    for template in expected:
        if template not in messages:
            yield f"no message for {template!r}"
    for template, text in messages.items():
        if template not in expected:
            yield f"unknown message {template!r}: the library has no such text"
        else:
            yield from _field_faults(template, text)


def _field_faults(template: str, text: object) -> Iterator[str]:
    wanted, found = fields_of(template), fields_of(text) if isinstance(text, str) else None
    if found is None:
        yield f"the message for {template!r} must be text with fields in braces, got {text!r}"
    elif found != wanted:
        names = ", ".join(sorted(wanted or ())) or "none"
        got = ", ".join(sorted(found)) or "none"
        yield f"the message for {template!r} must have the fields {names}, got {got}"


def fields_of(template: str) -> frozenset[str] | None:
    """Return the names of the fields of a template, or None if the text is not a template.

    Examples
    --------
    >>> sorted(fields_of("{unit} of {n}")), fields_of("{")
    (['n', 'unit'], None)
    """
    try:
        parts = list(Formatter().parse(template))
    except ValueError:
        return None
    if any(form or conversion for _, _, form, conversion in parts):
        return None
    return frozenset(name for _, name, _, _ in parts if name is not None)


def _rule_faults(rules: object) -> Iterator[str]:
    if not isinstance(rules, Mapping):
        yield "rules must be a table"
        return
    for name, value in rules.items():
        if name not in _RULES:
            yield f"unknown rule {name!r}: the rules are {', '.join(_RULES)}"
        elif name == "singular":
            if not (isinstance(value, list) and all(type(one) is int for one in value)):
                yield f"rule singular must be a list of whole numbers, got {value!r}"
        elif name == "ordinals":
            yield from _ordinal_faults(value)
        elif not isinstance(value, str):
            yield f"rule {name} must be text, got {value!r}"


def _ordinal_faults(value: object) -> Iterator[str]:
    if not isinstance(value, Mapping) or "*" not in value:
        yield f"rule ordinals must be a table with a pattern '*' for all other ranks, got {value!r}"
        return
    for pattern, text in value.items():
        if not isinstance(text, str) or fields_of(text) != frozenset({"n"}):
            yield f"rule ordinals must have the field {{n}} for {pattern!r}, got {text!r}"
