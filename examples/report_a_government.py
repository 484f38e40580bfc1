"""Report one government: where it is weak, who does better, what is behind it, what comes first.

Give a country's ISO code and a file to write, as in
``python report_a_government.py KEN kenya.html``. It needs
``pip install "digital-leadership-index[report]"``.
"""

import sys

import dli


def main(unit: str = "KEN", path: str | None = None) -> None:
    """Put the report together, tell what is in it, and write it if there is a path."""
    data = dli.datasets.load("digital-government", "mapping")
    assessment = dli.Assessment(dli.models.load("dli-public"), data, unit="iso3")
    page = dli.report.of_unit(
        assessment,
        unit,
        by=["wb_region", "income_group", "population_millions"],
        graph=dli.models.load_capabilities("dli-public"),
        budget=8,
    )
    print(page)
    for block in page.sections[0].blocks:
        if isinstance(block, dli.report.Paragraph):
            print(f"\n{block.text}")
    if path is not None:
        page.save(path)


if __name__ == "__main__":
    main(*sys.argv[1:])
