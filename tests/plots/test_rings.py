"""The text of rings lies within its piece, or is counted below."""

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.patches import Wedge

from dli import Index, Indicator, models, plots


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def nested(names, n, code="T"):
    return Index(
        code,
        [
            Index(f"{name}", [Indicator(f"{name}_{i}") for i in range(n)], name=f"Part of {name}")
            for name in names
        ],
    )


def corners(text):
    """Give the corners of a text without its turn, turned as it is drawn."""
    turn = text.get_rotation()
    text.set_rotation(0)
    box = text.get_window_extent()
    text.set_rotation(turn)
    x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    half = complex(box.width / 2, 0), complex(0, box.height / 2)
    around = [a * half[0] + b * half[1] for a in (-1, 0, 1) for b in (-1, 0, 1)]
    turned = np.array(around) * np.exp(1j * np.deg2rad(turn))
    return np.column_stack([x + turned.real, y + turned.imag])


INDICES = {
    "bundled": models.load("dli-public"),
    "long codes": nested(["infrastructure", "skills_and_education", "trust"], 7),
    "many": nested("ABCDEF", 12),
    "three levels": Index(
        "T", [Index("X", [nested("AB", 4, "N")]), Index("Y", [Indicator("a_long_code"), Indicator("b")])]
    ),
    "one": Index("T", [Indicator("only")]),
    "upside down": Index("T", [Indicator(c, weight=w) for c, w in (("a", 3), ("left_of_it", 1))]),
}  # fmt: skip


@pytest.mark.parametrize("name", INDICES)
def test_text_lies_within_its_piece(name):
    ax = plots.framework(INDICES[name])
    ax.figure.draw_without_rendering()
    wedges = [patch for patch in ax.patches if isinstance(patch, Wedge)]
    assert len(wedges) == sum(1 for _ in INDICES[name].walk()) - 1
    where = ax.transData.inverted()
    texts = [t for t in ax.texts if t.get_position() != (0, 0) and "too small" not in t.get_text()]
    assert texts
    for text in texts:
        at = np.hypot(*text.get_position())
        turn = np.rad2deg(np.arctan2(*text.get_position()[::-1]))
        wedge = min(
            wedges,
            key=lambda w: (
                abs(w.r - w.width / 2 - at) > 1e-6,
                abs((turn - (w.theta1 + w.theta2) / 2 + 180) % 360 - 180),
            ),
        )
        own = where.transform(corners(text))
        distance = np.hypot(*own.T)
        assert distance.max() <= wedge.r
        assert distance.min() >= wedge.r - wedge.width
        off = (np.rad2deg(np.arctan2(own[:, 1], own[:, 0])) - turn + 180) % 360 - 180
        if wedge.theta2 - wedge.theta1 < 359:
            assert np.abs(off).max() <= (wedge.theta2 - wedge.theta1) / 2
        assert text.get_fontsize() >= 6.3
        assert abs((text.get_rotation() + 180) % 360 - 180) <= 90  # nothing is upside down


def test_sub_indices_have_their_names():
    ax = plots.framework(models.load("dli-public"))
    texts = [text.get_text().replace("\n", " ") for text in ax.texts]
    assert {"DS Digital Strategy", "DI Data Intelligence", "DS01"} <= set(texts)


def test_pieces_without_room_are_counted_and_long_codes_cut_off():
    many = Index("T", [Indicator(f"indicator_{i}") for i in range(400)])
    assert [text.get_text() for text in plots.framework(many).texts][1:] == [
        "segments too small for their codes: 400"
    ]
    long = nested(["A" * 40, "B"], 1)
    texts = [text.get_text() for text in plots.framework(long).texts]
    assert any(text.endswith("…") for text in texts)


def test_colours_are_paler_outwards_and_text_on_them_can_be_read():
    ax = plots.framework(nested("AB", 2))
    inner, outer = ax.patches[0], ax.patches[2]
    assert sum(inner.get_facecolor()[:3]) < sum(outer.get_facecolor()[:3])
    assert ax.texts[0].get_color() == plots.Style().on(inner.get_facecolor())
