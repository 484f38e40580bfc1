from dli.framework import Index, Indicator

INDEX = Index(
    "T",
    [
        Index(
            "A", [Indicator("a1", "First"), Indicator("a2", direction=-1)], "Sub & one", weight=3
        ),
        Indicator("b", "Alone"),
    ],
    "Top",
)


def test_a_tree_shows_codes_names_directions_and_shares():
    assert repr(INDEX).splitlines() == [
        "T  Top (3 indicators)",
        "├── A           Sub & one  0.75",
        "│   ├── a1      First      0.5",
        "│   └── a2 (-)             0.5",
        "└── b           Alone      0.25",
    ]


def test_a_tree_is_cut_at_a_depth_and_says_what_is_below():
    assert INDEX.tree(depth=1).splitlines() == [
        "T  Top (3 indicators)",
        "├── A  Sub & one (2 indicators)  0.75",
        "└── b  Alone                     0.25",
    ]
    assert INDEX.tree(depth=0) == "T  Top (3 indicators)"


def test_long_names_are_cut_to_the_width():
    wide = Index("T", [Indicator("a", "word " * 40), Indicator("b")])
    assert max(map(len, wide.tree(width=60).splitlines())) <= 60
    assert "…" in wide.tree(width=60)
    assert max(map(len, repr(wide).splitlines())) <= 80


def test_a_large_tree_prints_its_upper_levels_only():
    large = Index(
        "T", [Index(f"S{i}", [Indicator(f"i{i}_{j}") for j in range(9)]) for i in range(9)]
    )
    assert len(repr(large).splitlines()) == 10
    assert len(large.tree().splitlines()) == 91


def test_weights_by_a_scheme_or_of_zero_are_no_shares():
    class Scheme:
        def weights(self, values, children):
            """Never called here."""

    tree = repr(Index("T", [Indicator("a"), Indicator("b")], weighting=Scheme()))
    assert "by Scheme" in tree
    assert repr(Index("T", [Indicator("a", weight=0)])).endswith("a  0")


def test_the_notebook_tree_escapes_names():
    html = Index(
        "T", [Indicator("a", "<script>", description='say "no"', direction=-1)]
    )._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert 'title="say &quot;no&quot;"' in html
    assert "(-)" in html
