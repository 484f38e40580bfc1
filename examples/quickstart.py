"""Score 193 governments on public figures, and look at one of them.

Run it with a country's ISO code for that government's profile: ``python quickstart.py KEN``.
"""

import sys

import dli


def main(unit: str = "KEN") -> None:
    """Print the league table of the Digital Leadership Index and one government's profile."""
    data = dli.datasets.load("digital-government", "mapping")
    index = dli.models.load("dli-public")
    assessment = dli.Assessment(index, data, unit="iso3")

    table = assessment.league_table()
    codes = [node.code for node in (index, *index.children)]
    print(f"{index.name}: {len(assessment.units)} governments\n")
    print((f"rank  {'government':<30}" + "".join(f"{code:>6} " for code in codes)).rstrip())
    known = {code: assessment.known_share_array(code) for code in codes}
    band = None
    for row, name in enumerate(table["name"]):
        if table["band"][row] != band:
            band = table["band"][row]
            print(f"\n      {band}")
        place = assessment.row(table["iso3"][row])
        marks = ["*" if known[code][place] < 0.5 else " " for code in codes]
        cells = (f"{table[code][row]:6.1f}{mark}" for code, mark in zip(codes, marks, strict=True))
        scores = "".join(cells).rstrip()
        print(f"{table['rank'][row]:4.0f}  {name:<30.30}{scores}")

    print("\n* fewer than half of the indicators have a value")

    name = assessment.context("name")[assessment.row(unit)]
    profile = assessment.profile(unit)
    print(f"\n{name}: score and rank among all, against the median and the best government\n")
    print(f"{'':<22}{'score':>7}{'rank':>6}{'median':>8}{'best':>7}   0        50       100")
    for row, title in enumerate(["Whole index", *profile["name"][1:]]):
        score, median = profile["score"][row], profile["median"][row]
        print(
            f"{title:<22.22}{score:7.1f}{profile['rank'][row]:6.0f}{median:8.1f}"
            f"{profile['best'][row]:7.1f}   {bar(score, median)}"
        )
    print("\n█ score   │ median of all governments")
    print("\nCodes: " + ", ".join(f"{node.code} {node.name}" for node in index.children))


def bar(score: float, median: float, width: int = 20) -> str:
    """Draw a score as a bar of characters, with the median marked on it."""
    cells = ["█" if (cell + 0.5) * 100 / width <= score else "·" for cell in range(width)]
    cells[min(int(median * width / 100), width - 1)] = "│"
    return "".join(cells)


if __name__ == "__main__":
    main(*sys.argv[1:])
