"""A questionnaire as an HTML page for the screen and for paper, without scripts."""

from collections.abc import Mapping, Sequence
from html import escape

from dli.elicitation.survey import in_order, levels_of, version_of
from dli.framework import Index, Indicator

__all__ = ["page"]

_STYLE = """
:root { --ink: #1c2127; --faint: #5a6572; --line: #9aa5b1; --shade: #eef1f6; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem; background: #fff; color: var(--ink);
  font: 1rem/1.45 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
h1 { margin: 0 0 .8rem; font-size: 1.7rem; line-height: 1.2; }
h2 { margin: 1.8rem 0 .2rem; padding: .35rem .6rem; background: var(--shade); font-size: 1.25rem; }
h3 { margin: 1.1rem 0 .2rem; font-size: 1.05rem; }
p { margin: .3rem 0; }
.about, .code, footer { color: var(--faint); }
.who { display: grid; grid-template-columns: 2fr 2fr 1fr; gap: .8rem; margin: .8rem 0; }
.who label { display: block; font-weight: 600; }
input[type=text], textarea { width: 100%; border: 1px solid var(--line); border-radius: 3px;
  padding: .35rem .5rem; background: #fff; color: inherit; font: inherit; }
textarea { height: 4.2rem; resize: vertical; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .8rem; margin: .6rem 0; }
dt { font-weight: 700; } dd { margin: 0; }
fieldset { margin: .7rem 0; border: 1px solid var(--line); border-radius: 4px;
  padding: .5rem .8rem .7rem; break-inside: avoid; }
legend { float: left; width: 100%; padding: 0; font-weight: 600; }
legend + * { clear: both; }
.code { font-weight: 400; font-size: .85rem; }
.levels { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; margin: .45rem 0; }
.levels label { white-space: nowrap; }
.levels input { width: 1.05rem; height: 1.05rem; margin: 0 .3rem 0 0; vertical-align: -.15rem; }
footer { margin-top: 2rem; border-top: 1px solid var(--line); padding-top: .5rem;
  font-size: .85rem; overflow-wrap: anywhere; }
@page { size: A4; margin: 15mm 14mm; }
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  h2, h3, .about { break-after: avoid; }
  h2 { border-bottom: 1px solid var(--line); }
  textarea { height: 11mm; resize: none; }
  fieldset { margin: 2mm 0; padding: 1mm 3mm 2mm; }
}
"""


def page(
    index: Index,
    title: str,
    filled: Mapping[str, str],
    meanings: Mapping[int, str],
    how: Sequence[str],
) -> str:
    """Return the page; ``how`` contains sentences that explain how to fill it in."""
    labels = {"unit": "Unit assessed", "assessor": "Assessor", "date": "Date"}
    who = "".join(
        f'<label>{label}<input type="text" name="{key}" value="{escape(filled[key])}"></label>'
        for key, label in labels.items()
    )
    parts = [f'<h1>{escape(title)}</h1>\n<div class="who">{who}</div>']
    parts += [f"<p>{escape(text)}</p>" for text in how]
    if meanings:
        rows = "".join(f"<dt>{n}</dt><dd>{escape(text)}</dd>" for n, text in meanings.items())
        parts.append(f"<dl>{rows}</dl>")
    place = 0
    for level, node in in_order(index):
        if isinstance(node, Index):
            parts.append(_group(min(level, 2) + 1, node))
        else:
            place += 1
            parts.append(_question(place, node, meanings))
    version = escape(f"{index.code} {index.name}, {version_of(index)}")
    parts.append(f"<footer>{version}</footer>")
    body = "\n".join(parts)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f'<form autocomplete="off">\n{body}\n</form>\n</body>\n</html>\n'
    )


def _group(level: int, node: Index) -> str:
    about = f'\n<p class="about">{escape(node.description)}</p>' if node.description else ""
    return f"<h{level}>{escape(node.name or node.code)}</h{level}>{about}"


def _question(place: int, indicator: Indicator, meanings: Mapping[int, str]) -> str:
    # Fields are named by their place, since a code may contain any characters.
    levels = "".join(
        f'<label><input type="radio" name="rating-{place}" value="{n}">{n}'
        f"{' ' + escape(meanings[n]) if n in meanings else ''}</label>"
        for n in levels_of(indicator)
    )
    code = escape(indicator.code)
    name = f"{escape(indicator.name)} " if indicator.name else ""
    return (
        f'<fieldset><legend>{name}<span class="code">{code}</span></legend>\n'
        f"<p>{escape(indicator.description)}</p>\n"
        f'<div class="levels">{levels}</div>\n'
        f'<textarea name="evidence-{place}" aria-label="Evidence for {code}" '
        f'placeholder="Evidence found"></textarea></fieldset>'
    )
