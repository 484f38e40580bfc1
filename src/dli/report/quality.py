"""The section of a report on the quality of the data: missing and changed values."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from dli import frames, plots
from dli.arrays import Floats
from dli.plots.many import value_histograms
from dli.report.document import Block, Paragraph
from dli.report.language import Language
from dli.report.parts import filled, flag_name, flag_table, names_of, picture, tried

if TYPE_CHECKING:
    from dli.assessment import Assessment

__all__ = ["quality"]


def quality(language: Language, assessment: "Assessment", *, is_large: bool) -> Iterator[Block]:
    """Yield missing values, the distribution of values, and their flags."""
    say = language.say
    # Values are shown in the unit of measure, after division by the denominator.
    cells = assessment.stage_array("denominated")
    flags = frames.read(assessment.flags, empty=True)
    kinds = flags.column("flag")
    yield _missing(language, cells, Counter(kinds))
    counts = Counter(zip(flags.column("code"), kinds, strict=True))
    yield _values(language, assessment, cells, counts)
    yield from tried(
        language,
        lambda: picture(
            lambda: (value_histograms if is_large else plots.distributions)(assessment),
            say("Histograms of the values of each indicator, before and after treatment")
            if is_large
            else say("Ticks at the values of each indicator, before and after treatment"),
            say("Each row extends from the lowest to the highest value of an indicator."),
        ),
        say("Distributions"),
    )
    yield from _worst(language, assessment, cells)
    gone = [i for i, kind in enumerate(kinds) if kind in {"left out", "no score"}]
    if gone:
        columns = assessment.observations
        keys = {columns.unit_column: say("unit")}
        if columns.period_column is not None:
            keys[columns.period_column] = say("period")
        title = say("Units that were left out, and scores that could not be computed.")
        yield flag_table(language, assessment, flags.take(gone), title, keys)


def _missing(language: Language, cells: Floats, kinds: Mapping[str, int]) -> Paragraph:
    """Return a paragraph on the numbers of missing values and flags."""
    say, n_missing = language.say, int(np.isnan(cells).sum())
    text = say(
        "{missing} of {values} values ({share}) are missing.",
        missing=n_missing,
        values=cells.size,
        share=language.percent(n_missing / cells.size, 1),
    )
    if not kinds:
        return Paragraph(f"{text} {say('Nothing is flagged.')}")
    flagged = [say("{n} {flag}", n=n, flag=flag_name(language, kind)) for kind, n in kinds.items()]
    flags = say("Flags in all rows: {flags}.", flags=language.joined(flagged))
    return Paragraph(f"{text} {flags}")


def _values(
    language: Language,
    assessment: "Assessment",
    cells: Floats,
    counts: Mapping[tuple[str, str], int],
) -> Block:
    """Return a table of the range of values of each indicator and the numbers of changed values."""
    say, indicators = language.say, assessment.index.indicators
    rows = []
    for column, indicator in enumerate(indicators):
        values = cells[:, column][~np.isnan(cells[:, column])]
        ends = [values.min(), np.median(values), values.max()] if values.size else [np.nan] * 3
        changes = (counts[indicator.code, kind] for kind in ("imputed", "treated", "truncated"))
        rows.append(
            [
                indicator.code,
                indicator.name,
                indicator.unit_of_measure,
                language.percent(values.size / len(cells)),
                *(_short(language, value) for value in ends),
                *(language.figure(n, "d") for n in changes),
                indicator.source,
            ]
        )
    head = [say("code"), say("name"), say("measured in"), say("available"), say("lowest"),
            say("median"), say("highest"), say("imputed"), say("treated"), say("truncated"),
            say("source")]  # fmt: skip
    divided = any(indicator.denominator is not None for indicator in indicators)
    caption = say(
        "The values of each indicator, after division by its denominator."
        if divided
        else "The values of each indicator."
    )
    return filled(language, caption, head, rows, [1, 2, 10])


def _worst(language: Language, assessment: "Assessment", cells: Floats) -> Iterator[Block]:
    """Yield a table of the units with the most missing values, if there are any."""
    shares = np.isnan(cells).mean(axis=1)
    worst = np.argsort(-shares, kind="stable")[:15]
    worst = worst[shares[worst] > 0].tolist()
    if not worst:
        return
    say, when, names = language.say, assessment.periods, names_of(assessment)
    yield filled(
        language,
        say("Units with the most missing values."),
        [say("unit"), *([say("period")] if when else []), say("missing")],
        [[names[r], *([str(when[r])] if when else []), language.percent(shares[r])] for r in worst],
    )


def _short(language: Language, value: float) -> str:
    return "–" if np.isnan(value) else language.figure(value, ".4g")
