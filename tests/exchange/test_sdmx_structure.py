"""The structure message that goes with results in SDMX-CSV."""

import csv
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dli import Assessment, Index, Indicator
from dli.errors import DataError, FileError, MethodError
from dli.exchange import write_sdmx
from dli.exchange.long import QUANTITIES

SCHEMAS = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1"
SPACES = {"mes": f"{SCHEMAS}/message", "str": f"{SCHEMAS}/structure", "com": f"{SCHEMAS}/common"}
INDEX = Index(
    "T",
    [
        Index(
            "P",
            [
                Indicator("a", "A & B <c>", description='Says "this"\n\n  and that'),
                Indicator("b", goalposts=(0, 10), unit_of_measure="days"),
            ],
            name="Pillar",
        ),
        Indicator("c"),
    ],
    name="Test",
    description="An index.",
)
DATA = {
    "iso3": ["KEN", "EST", "KEN", "EST"],
    "year": [2023, 2023, 2024, 2024],
    "name": ["Kenya", "Estonia", "Republic of Kenya", None],
    "a": [1, 3, 2, 2],
    "b": [5.0, None, 4, 4],
    "c": [2, 1, 3, 3],
}
PLAIN = {"iso3": ["KEN", "EST"], "a": [1, 3], "b": [5.0, None], "c": [2, 1]}


def assess(data=DATA, index=INDEX):
    return Assessment(index, data, unit="iso3", period="year" if "year" in data else None)


def written(folder, assessment, **options):
    """Return the rows of the data and the root of the structure."""
    data, structure = folder / "s.csv", folder / "s.xml"
    write_sdmx(assessment, data, structure=structure, **{"agency": "ACME", **options})
    with data.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file)), ET.parse(structure).getroot()  # noqa: S314


def tag(element):
    return element.tag.rpartition("}")[2]


def code_lists(root):
    """Return the names of the codes of each list."""
    return {
        own.get("id"): {
            code.get("id"): code.findtext("com:Name", namespaces=SPACES)
            for code in own.findall("str:Code", SPACES)
        }
        for own in root.iterfind(".//str:Codelist", SPACES)
    }


def components(root):
    """Return the code list of each component of the data structure, None if it has none."""
    parts = root.find(".//str:DataStructureComponents", SPACES)
    own = {}
    for component in (part for parts_ in parts for part in parts_):
        reference = component.find(".//str:Enumeration/Ref", SPACES)
        own[component.get("id")] = None if reference is None else reference.get("id")
    return own


def test_a_structure_by_hand(tmp_path):
    _, root = written(tmp_path, assess(), agency="ACME.STAT", dataflow="DF", version="2.1.0")
    assert root.tag == f"{{{SPACES['mes']}}}Structure"
    assert root.findtext("mes:Header/mes:ID", namespaces=SPACES) == "STRUCTURE_DF"
    assert root.find("mes:Header/mes:Sender", SPACES).get("id") == "ACME_STAT"
    flow = root.find(".//str:Dataflow", SPACES)
    assert flow.attrib == {"id": "DF", "agencyID": "ACME.STAT", "version": "2.1.0"}
    assert flow.findtext("com:Name", namespaces=SPACES) == "Test"
    assert flow.findtext("com:Description", namespaces=SPACES) == "An index."
    assert flow.find("str:Structure/Ref", SPACES).attrib == {
        "id": "DSD_DF", "version": "2.1.0", "agencyID": "ACME.STAT", "package": "datastructure",
        "class": "DataStructure",
    }  # fmt: skip
    assert code_lists(root) == {
        "CL_DF_REF_AREA": {"KEN": "Republic of Kenya", "EST": "Estonia"},
        "CL_DF_INDICATOR": {"T": "Test", "P": "Pillar", "c": "c", "a": "A & B <c>", "b": "b"},
        "CL_DF_MEASURE": {"SCORE": "Score", "RANK": "Rank (1 is best)"},
        "CL_DF_OBS_STATUS": {
            "A": "Normal value", "E": "Estimated value", "I": "Imputed value",
            "M": "Missing value; data cannot exist", "O": "Missing value",
        },
    }  # fmt: skip
    assert components(root) == {
        "REF_AREA": "CL_DF_REF_AREA", "INDICATOR": "CL_DF_INDICATOR", "MEASURE": "CL_DF_MEASURE",
        "TIME_PERIOD": None, "OBS_STATUS": "CL_DF_OBS_STATUS", "UNIT_MEASURE": None,
        "SOURCE": None, "OBS_VALUE": None,
    }  # fmt: skip
    described = root.find(".//str:Code[@id='a']", SPACES)
    assert described.findtext("com:Description", namespaces=SPACES) == 'Says "this" and that'
    languages = root.iterfind(".//com:Name", SPACES)
    lang = "{http://www.w3.org/XML/1998/namespace}lang"
    assert {name.get(lang) for name in languages} == {"en"}


@pytest.mark.parametrize("data", [DATA, PLAIN], ids=["panel", "plain"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"quantities": [own for own in QUANTITIES if own != "contribution"]},
        {"nodes": ["T", "a"], "quantities": "score", "unit_dimension": "COUNTRY"},
        {"identifiers": {"KEN": "ZZ@1", "a": "A-1", "P": "$P"}, "dataflow": "2024_X"},
    ],
    ids=["default", "all", "some", "identifiers"],
)
def test_all_columns_and_codes_of_the_data_are_in_the_structure(tmp_path, data, options):
    rows, root = written(tmp_path, assess(data), **options)
    lists, parts = code_lists(root), components(root)
    assert set(rows[0]) == {"STRUCTURE", "STRUCTURE_ID", "ACTION", *parts}
    for component, own in parts.items():
        if own is not None:
            assert {row[component] for row in rows} <= set(lists[own]), component
    # All but the states are lists of what is in the data, and of nothing else.
    for component in [*parts][:3]:
        assert {row[component] for row in rows} == set(lists[parts[component]])


def test_every_reference_leads_to_something(tmp_path):
    _, root = written(tmp_path, assess())
    kinds = {"Codelist": "Codelist", "DataStructure": "DataStructure", "Concept": "Concept"}
    references = list(root.iter("Ref"))
    for own in references:
        place = f".//str:{kinds.get(own.get('class'), '*')}[@id='{own.get('id')}']"
        assert root.find(place, SPACES) is not None, own.attrib
        if own.get("class") == "Concept":
            assert own.get("maintainableParentID") == "CS_T"
    assert root.find(".//str:ConceptScheme", SPACES).get("id") == "CS_T"
    assert {own.get("class") for own in references} == {*kinds, None}


# As in the schemas of SDMX 2.1; each element has these children in this order.
ORDER = {
    "Structure": ["Header", "Structures"],
    "Header": ["ID", "Test", "Prepared", "Sender"],
    "Structures": ["Dataflows", "Codelists", "Concepts", "DataStructures"],
    "Dataflow": ["Name", "Description", "Structure"],
    "Codelist": ["Name", "Code"],
    "Code": ["Name", "Description", "Parent"],
    "ConceptScheme": ["Name", "Concept"],
    "Concept": ["Name"],
    "DataStructure": ["Name", "Description", "DataStructureComponents"],
    "DataStructureComponents": ["DimensionList", "AttributeList", "MeasureList"],
    "DimensionList": ["Dimension", "TimeDimension"],
    "Dimension": ["ConceptIdentity", "LocalRepresentation"],
    "TimeDimension": ["ConceptIdentity", "LocalRepresentation"],
    "PrimaryMeasure": ["ConceptIdentity", "LocalRepresentation"],
    "Attribute": ["ConceptIdentity", "LocalRepresentation", "AttributeRelationship"],
}


def test_elements_have_the_order_of_the_schema(tmp_path):
    _, root = written(tmp_path, assess())
    seen = set()
    for element in root.iter():
        order, children = ORDER.get(tag(element), []), [tag(child) for child in element]
        if order and children != ["Ref"]:
            assert children == sorted(children, key=order.index)
            seen.add(tag(element))
    assert seen == set(ORDER)
    relations = [[tag(part) for part in own] for own in root.iter(
        f"{{{SPACES['str']}}}AttributeRelationship"
    )]  # fmt: skip
    assert relations == [["PrimaryMeasure"], ["Dimension", "Dimension"], ["None"]]


def parents(root):
    place = ".//str:Codelist[@id='CL_T_INDICATOR']/str:Code"
    codes = root.iterfind(place, SPACES)
    found = {code.get("id"): code.find("str:Parent/Ref", SPACES) for code in codes}
    return {code: None if own is None else own.get("id") for code, own in found.items()}


def test_nodes_have_the_nearest_ancestor_that_is_written(tmp_path):
    _, root = written(tmp_path, assess())
    assert parents(root) == {"T": None, "P": "T", "c": "T", "a": "P", "b": "P"}
    _, root = written(tmp_path, assess(), nodes=["T", "a"])
    assert parents(root) == {"T": None, "a": "T"}
    _, root = written(tmp_path, assess(), nodes=["a", "c"], identifiers={"P": "X"})
    assert parents(root) == {"a": None, "c": None}


LETTERS = st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")


@given(st.text(LETTERS, max_size=12))
def test_names_read_back_are_those_given_but_for_spaces(tmp_path_factory, name):
    data = {**PLAIN, "name": [name, "Estonia"]}
    folder = tmp_path_factory.getbasetemp()
    _, root = written(folder, assess(data), nodes="T")
    assert code_lists(root)["CL_T_REF_AREA"]["KEN"] == (" ".join(name.split()) or "KEN")


def test_what_a_structure_cannot_hold_is_listed(tmp_path):
    data = {**PLAIN, "name": ["Ken\x02ya", "Estonia\uffff"]}
    with pytest.raises(DataError, match="the following are not valid in SDMX") as caught:
        written(tmp_path, assess(data), dataflow="A$B", version="1.0.0-draft")
    assert caught.value.faults == (
        "dataflow 'A$B': names of its lists must not contain '@' or '$'",
        "version '1.0.0-draft': SDMX-ML 2.1 allows only numbers and dots",
        "the name of unit 'KEN' must not contain control characters, got 'Ken\\x02ya'",
        "the name of unit 'EST' must not contain control characters, got 'Estonia\\uffff'",
    )
    assert not list(tmp_path.iterdir())
    # The data alone may have all of that.
    path = tmp_path / "s.csv"
    write_sdmx(assess(data), path, agency="A", dataflow="A$B", version="1.0.0-draft")


def test_there_are_both_files_or_none(tmp_path):
    path = tmp_path / "s.csv"
    with pytest.raises(FileError, match="nowhere"):
        write_sdmx(assess(), path, agency="A", structure=tmp_path / "nowhere" / "s.xml")
    with pytest.raises(MethodError, match="structure must not be the file of the data"):
        write_sdmx(assess(), path, agency="A", structure=str(path))
    with pytest.raises(FileError, match="5"):
        write_sdmx(assess(), path, agency="A", structure=5)
    assert not list(tmp_path.iterdir())
