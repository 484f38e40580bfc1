"""Names instead of codes in the notes and reasons that a report's tables show."""

import re
from collections.abc import Mapping

__all__ = ["with_names"]

# After these words notes and reasons list codes; elsewhere a word that is a code as well stays.
_BEFORE = (
    "excluded by ",
    "held by the level of ",
    "least in the plan gains ",
    "share of its weight that has no value: ",
    "share of its weight that is imputed: ",
    "share of the lead over the median that is lost without ",
    "score in the upper quartile on ",
    "not compared: ",
)
# So end the lists.
_AFTER = r"(?=$|; |, which the plan has|, -?[\d,.]+$|, -?[\d,.]+;| alone$| and \d+ more)"


def with_names(text: str, names: Mapping[str, str]) -> str:
    """Return a note with the names of what it lists by codes.

    Parameters
    ----------
    text : str
        A note of `dli.diagnosis` or the reason of a plan, in English.
    names : mapping of str to str
        The name of each code; a code without a name, "", stays.

    Examples
    --------
    >>> with_names("excluded by a, b, which the plan has", {"a": "Staff", "b": ""})
    'excluded by Staff, b, which the plan has'
    """
    written = {way: name or code for code, name in names.items() for way in (code, repr(code))}
    # Of two codes, one of which begins with the other, the longer is tried first.
    one = "|".join(re.escape(way) for way in sorted(written, key=len, reverse=True)) or "(?!)"
    before = "|".join(map(re.escape, _BEFORE))

    def named(found: re.Match[str]) -> str:
        listed = re.findall(f"(?:^|, )({one})(?=, |$)", found["codes"])
        return found["before"] + ", ".join(written[way] for way in listed)

    return re.sub(f"(?P<before>{before})(?P<codes>(?:{one})(?:, (?:{one}))*){_AFTER}", named, text)
