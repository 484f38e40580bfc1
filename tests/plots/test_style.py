"""One object says how all pictures look; pictures are saved with their text as text."""

import re

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb
from tests.capability.cases import example, graph

from dli import plots
from dli.errors import FileError, MethodError
from dli.plots.axes import letters_in, plain, rank_ticks, text_width, wrapped
from dli.plots.style import current


@pytest.fixture(autouse=True)
def _closed():
    before = dict(mpl.rcParams)
    yield
    plt.close("all")
    assert dict(mpl.rcParams) == before


def test_the_innermost_style_holds_and_ends_with_its_block():
    usual = current()
    with plots.Style(good="red") as outer:
        assert current() is outer
        with plots.Style(width=3.0) as inner:
            assert current() is inner
        assert current() is outer
    assert current() == usual == plots.Style()
    with pytest.raises(ZeroDivisionError), outer:
        _ = 1 / 0
    assert current() == usual


def test_pictures_have_the_size_the_font_and_the_colours_of_the_style():
    with plots.Style(
        width=4.0, size=11.0, small=10.0, font="DejaVu Serif", good="#112233", ink="#445566"
    ):
        ax = plots.profile(example(), "X")
    ax.figure.draw_without_rendering()
    assert ax.figure.get_size_inches()[0] == 4.0
    assert ax.xaxis.label.get_fontsize() == 11.0
    assert ax.xaxis.label.get_fontfamily()[0] == "DejaVu Serif"
    ticks = [*ax.get_xticklabels(), *ax.get_yticklabels()]
    assert {tick.get_fontsize() for tick in ticks} == {10.0}
    assert {tick.get_fontfamily()[0] for tick in ticks} == {"DejaVu Serif"}
    assert {tick.get_color() for tick in ticks} == {"#445566"}
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert {line.get_color() for line in dots} == {"#112233"}
    with plots.Style(palette=["#010203", "#040506"]):
        bars = plots.league(example()).patches
    assert {bar.get_facecolor()[:3] for bar in bars} == {to_rgb("#010203"), to_rgb("#040506")}


def test_settings_of_the_user_for_fonts_stay_if_the_style_names_none():
    with mpl.rc_context({"font.family": ["DejaVu Sans Mono"]}):
        ax = plots.league(example())
        assert mpl.rcParams["font.family"] == ["DejaVu Sans Mono"]
    assert ax.xaxis.label.get_fontfamily() == ["DejaVu Sans Mono"]


def test_settings_come_back_after_an_error():
    with pytest.raises(MethodError), plots.Style(size=20.0):
        plots.bump(example(), ["X"])
    assert mpl.rcParams["font.size"] == 10.0


def test_all_faults_of_a_style_are_told():
    with pytest.raises(MethodError) as caught:
        plots.Style(width=0, small="x", font=3, good="blau", palette=())
    text = str(caught.value)
    for part in (
        "width must be a number above 0 and of at most 200, got 0",
        "small must be a number above 0 and of at most 200, got 'x'",
        "font must be text, got 3",
        "good must be a colour that matplotlib knows, got 'blau'",
        "palette must contain at least one colour, got none",
    ):
        assert part in text
    with pytest.raises(MethodError, match="palette must be a colour that matplotlib knows"):
        plots.Style(palette=["red", "rot"])


def test_shades_begin_with_the_paper_and_darken():
    shades = plots.Style().shades()
    assert shades(0.0)[:3] == (1.0, 1.0, 1.0)
    light = [sum(shades(x)[:3]) for x in np.linspace(0, 1, 33)]
    assert np.all(np.diff(light) < 0)


def test_colours_of_the_palette_come_again():
    style = plots.Style(palette=["red", "green"])
    assert [style.colour(i) for i in range(3)] == ["red", "green", "red"]


def test_text_on_a_colour_can_be_read():
    style = plots.Style()
    assert style.on("white") == style.on("#F0E442") == style.ink
    assert style.on("#000080") == style.paper


@pytest.mark.parametrize("ending", ["svg", "pdf"])
def test_saved_text_is_text_and_bytes_are_the_same(tmp_path, ending):
    paths = [tmp_path / f"{i}.{ending}" for i in range(2)]
    for path in paths:
        plots.save(plots.league(example()), path)
    first, second = (path.read_bytes() for path in paths)
    assert first == second
    if ending == "svg":
        assert re.search(rb"<text[^>]*>T, divided by contribution</text>", first)
    else:
        # Fonts of type 42 are embedded whole; those of type 3 draw letter by letter.
        assert b"/CIDFontType2" in first
        assert b"/Type3" not in first


def test_pictures_of_several_panels_and_of_parts_of_figures_are_saved(tmp_path):
    plots.save(plots.small_multiples(example(), ["X", "Y"]), tmp_path / "panels.PNG")
    figure = plt.figure(figsize=(6, 3))
    left, _ = figure.subfigures(1, 2)
    plots.save(plots.league(example(), ax=left.subplots()), tmp_path / "part.png", dpi=50)
    assert plt.imread(tmp_path / "part.png").shape[:2] == (150, 300)
    assert (tmp_path / "panels.PNG").stat().st_size > 0


def test_a_picture_is_not_saved_where_it_cannot_be(tmp_path):
    ax = plots.league(example())
    with pytest.raises(MethodError, match=r"path must end in one of .*svg.*, got 'a\.docx'"):
        plots.save(ax, "a.docx")
    with pytest.raises(FileError, match="nowhere"):
        plots.save(ax, tmp_path / "nowhere" / "a.svg")


@given(st.integers(1, 10**7))
def test_ranks_have_a_first_tick_of_1_and_few_others(last):
    ticks = rank_ticks(last)
    assert ticks[0] == 1
    assert ticks == sorted(set(ticks))
    assert ticks[-1] <= last
    assert len(ticks) <= 9


@given(st.text(st.sampled_from("ab _-"), max_size=60), st.integers(4, 30), st.integers(1, 4))
def test_wrapped_lines_are_no_longer_than_asked(text, letters, lines):
    made = wrapped(text, letters, lines).split("\n")
    assert len(made) <= lines
    # `plain` sets a space before an underscore.
    assert all(len(line.removeprefix(" ")) <= letters for line in made)


def test_what_is_more_than_some_lines_is_cut_off():
    assert wrapped("one two three", 5, 2) == "one\ntwo…"
    assert wrapped("one two", 9) == "one two"


@pytest.mark.parametrize(
    "text", ["Digital Strategy", "cross_department_coordination", "AUS DNK EST", "12.5 %", "mill"]
)
def test_widths_are_estimated_rather_too_wide(text):
    figure = plt.figure()
    drawn = figure.text(0, 0, plain(text), fontsize=10).get_window_extent()
    width = drawn.width * 72 / figure.dpi
    assert width <= text_width(text, 10) <= 1.5 * width


def test_east_asian_letters_are_wide():
    assert text_width("数字", 10.0) > text_width("ab", 10.0)
    assert letters_in(1.0, 7.5) == 15


def test_every_picture_takes_the_style():
    """A picture that forgets ``drawn`` would have axes' labels of matplotlib's own size."""
    net = graph(("c", "a1", 0.4))
    with plots.Style(size=13.0):
        for ax in (
            plots.league(example()),
            plots.profile(example(), "X"),
            plots.weight_stability(example(), "A"),
            plots.influence_map(net),
            plots.scatter(example(), "A", "B"),
        ):
            assert ax.xaxis.label.get_fontsize() == 13.0
