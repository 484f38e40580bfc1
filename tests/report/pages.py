"""What the tests of reports share: a reader of pages, and names that try to break out."""

from html.parser import HTMLParser
from itertools import pairwise

from dli import Assessment, Index, Indicator

VOID = {"meta", "img", "br", "hr", "link", "input"}
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "a|b\n# c",
    "![x](http://example.org/x.png)",
    "[y](javascript:alert(1))",
    "US$ 1 and $\\frac$ <http://example.org>",
    "</style><b>`code` &amp; _so_ *on*",
    "]]> --> '); //",
]


class Page(HTMLParser):
    """A page taken apart: tags with their attributes, headings, and all text."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.open, self.headings, self.words = [], [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag in {"h1", "h2", "h3", "h4"}:
            self.headings.append([int(tag[1]), ""])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)
        if self.open and self.open[-1] in {"h1", "h2", "h3", "h4"}:
            self.headings[-1][1] += data

    def of(self, *names):
        return [attrs for tag, attrs in self.tags if tag in names]


def check(html, lang="en"):
    """Hold a page to what every report promises."""
    page = Page(html)
    assert page.open == []  # each tag is closed, in order
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "link", "iframe", "object", "embed", "form", "base", "b"}
    for _, attrs in page.tags:
        assert not any(name.startswith("on") for name in attrs)
        assert attrs.get("src", "data:image/svg+xml;base64,").startswith(
            "data:image/svg+xml;base64,"
        )
        assert attrs.get("href", "#").startswith("#")
    targets = {attrs["id"] for _, attrs in page.tags if "id" in attrs}
    assert len(targets) == sum("id" in attrs for _, attrs in page.tags)
    assert {link["href"][1:] for link in page.of("a")} <= targets
    assert all(image["alt"].strip() for image in page.of("img"))
    assert all(cell["scope"] in {"col", "row"} for cell in page.of("th"))
    levels = [level for level, _ in page.headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert all(title.strip() for _, title in page.headings)
    assert page.of("html")[0]["lang"] == lang
    return page


def hostile():
    """Assess units, indicators and sub-indices whose names hold markup of all kinds."""
    children = [
        Index(
            f"p{i}",
            [
                Indicator(
                    f"{HOSTILE[2 * i + j]} {i}{j}".replace("\n", " "),  # codes have no breaks
                    HOSTILE[(3 * i + j) % 8],
                    unit_of_measure=HOSTILE[j],
                    source=HOSTILE[-1 - j],
                    description=HOSTILE[i],
                )
                for j in range(2)
            ],
            HOSTILE[i],
        )
        for i in range(3)
    ]
    index = Index("$T$ <i>", children, "".join(HOSTILE), description="# " + " ".join(HOSTILE))
    data = {
        "unit": HOSTILE,
        "name": [f"{name} too" for name in HOSTILE],
        "place": list(reversed(HOSTILE)),
    }
    for k, indicator in enumerate(index.indicators):
        data[indicator.code] = [float((7 * i + k) % 11) for i in range(8)]
    data[index.indicators[0].code][3] = None
    return Assessment(index, data)
