"""The structure message for data in SDMX-CSV, in the format SDMX-ML 2.1.

SDMX-ML 2.1 is older than SDMX-CSV 2.0, but more tools read it, and it can express all of the
structure.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from attrs import frozen

from dli.checks import text_faults

__all__ = ["STATUSES", "Code", "Structure", "one_line"]

_SCHEMAS = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1"
# Prefixes are part of the tags here, because registering them would affect other modules.
_NAMESPACES = {
    "xmlns:mes": f"{_SCHEMAS}/message",
    "xmlns:str": f"{_SCHEMAS}/structure",
    "xmlns:com": f"{_SCHEMAS}/common",
}

# The codes of the SDMX list CL_OBS_STATUS that are used.
STATUSES: Mapping[str, str] = MappingProxyType(
    {
        "A": "Normal value",
        "E": "Estimated value",
        "I": "Imputed value",
        "M": "Missing value; data cannot exist",
        "O": "Missing value",
    }
)
_QUANTITIES = {
    "raw": "Value in the data",
    "denominated": "Value after division by the denominator",
    "imputed": "Value after imputation",
    "treated": "Value after treatment of outliers",
    "normalised": "Normalised value",
    "score": "Score",
    "rank": "Rank (1 is best)",
    "weight": "Weight among the children of the same parent",
    "effective_weight": "Weight in the index",
    "contribution": "Contribution to the index",
}
_CONCEPTS = {
    "INDICATOR": "Indicator, sub-index or index",
    "MEASURE": "Quantity that is measured",
    "TIME_PERIOD": "Time period",
    "OBS_VALUE": "Observation value",
    "OBS_STATUS": "Observation status",
    "UNIT_MEASURE": "Unit of measure",
    "SOURCE": "Index and software from which the value comes",
}


@frozen
class Code:
    """A code of a code list, with its name.

    Parameters
    ----------
    id : str
        The identifier.
    name : str
        The name; the identifier is used if it is empty.
    description : str
        The description, which is left out if it is empty.
    parent : str, optional
        The identifier of the parent.
    """

    id: str
    name: str = ""
    description: str = ""
    parent: str | None = None


def one_line(text: object) -> str:
    """Return a text without line breaks and repeated spaces; an empty text for None."""
    return "" if text is None else " ".join(str(text).split())


@frozen(kw_only=True)
class Structure:
    """A dataflow and everything it refers to: data structure, concepts and code lists.

    All identifiers contain that of the dataflow, so that the lists of two indices do not replace
    each other in a registry. The agency is not described, since lists of agencies are maintained
    elsewhere.

    Attributes
    ----------
    agency, dataflow, version : str
        The agency that maintains the dataflow, its identifier and its version.
    title : Code
        The name and description of the dataflow.
    unit_dimension : str
        The name of the dimension of units.
    has_periods : bool
        Whether the data have the dimension ``TIME_PERIOD``.
    units, nodes : sequence of Code
        The codes of the lists of units and of nodes.
    quantities : sequence of str
        The quantities that are written, from `dli.exchange.long.QUANTITIES`.
    """

    agency: str
    dataflow: str
    version: str
    title: Code
    unit_dimension: str
    has_periods: bool
    units: Sequence[Code]
    nodes: Sequence[Code]
    quantities: Sequence[str]

    def faults(self) -> Iterator[str]:
        """Yield which texts a structure message cannot contain."""
        if {"@", "$"} & set(str(self.dataflow)):
            yield f"dataflow {self.dataflow!r}: names of its lists must not contain '@' or '$'"
        if "-" in str(self.version):
            yield f"version {self.version!r}: SDMX-ML 2.1 allows only numbers and dots"
        # The names of nodes were checked when the index was created.
        yield from text_faults(**{f"the name of unit {c.id!r}": c.name for c in self.units})

    def content(self) -> bytes:
        """Return the message as the content of an XML file."""
        root = Element("mes:Structure", _NAMESPACES)
        self._header(SubElement(root, "mes:Header"))
        # The schema prescribes the order of all elements.
        structures = SubElement(root, "mes:Structures")
        self._dataflow(SubElement(structures, "str:Dataflows"))
        self._code_lists(SubElement(structures, "str:Codelists"))
        self._concepts(SubElement(structures, "str:Concepts"))
        self._data_structure(SubElement(structures, "str:DataStructures"))
        indent(root)
        text: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
        return text + b"\n"

    def _header(self, header: Element) -> None:
        now = datetime.now(UTC).replace(microsecond=0)
        SubElement(header, "mes:ID").text = f"STRUCTURE_{self.dataflow}"
        SubElement(header, "mes:Test").text = "false"
        SubElement(header, "mes:Prepared").text = now.isoformat()
        SubElement(header, "mes:Sender", id=self.agency.replace(".", "_"))

    def _dataflow(self, parent: Element) -> None:
        flow = self._maintained(parent, "str:Dataflow", self.dataflow, self.title)
        SubElement(SubElement(flow, "str:Structure"), "Ref", self._reference(
            f"DSD_{self.dataflow}", "datastructure", "DataStructure"
        ))  # fmt: skip

    # -- code lists ------------------------------------------------------------------------------

    @property
    def _lists(self) -> dict[str, tuple[str, Sequence[Code]]]:
        """The name and the codes of the code list of each component that has one."""
        quantities = [Code(name.upper(), _QUANTITIES[name]) for name in self.quantities]
        statuses = [Code(*status) for status in STATUSES.items()]
        return {
            self.unit_dimension: ("Units", self.units),
            "INDICATOR": ("Index, sub-indices and indicators", self.nodes),
            "MEASURE": ("Quantities", quantities),
            "OBS_STATUS": ("Observation status", statuses),
        }

    def _code_lists(self, parent: Element) -> None:
        for component, (name, codes) in self._lists.items():
            title = Code("", f"{name} of {self.title.name or self.dataflow}")
            made = self._maintained(parent, "str:Codelist", self._list_id(component), title)
            for code in codes:
                element = SubElement(made, "str:Code", id=code.id)
                _describe(element, code)
                if code.parent is not None:
                    SubElement(SubElement(element, "str:Parent"), "Ref", id=code.parent)

    def _list_id(self, component: str) -> str:
        return f"CL_{self.dataflow}_{component}"

    # -- concepts and data structure -------------------------------------------------------------

    @property
    def _concept_names(self) -> dict[str, str]:
        names = {self.unit_dimension: "Unit that is assessed", **_CONCEPTS}
        if not self.has_periods:
            del names["TIME_PERIOD"]
        return names

    def _concepts(self, parent: Element) -> None:
        title = Code("", f"Concepts of {self.title.name or self.dataflow}")
        scheme = self._maintained(parent, "str:ConceptScheme", f"CS_{self.dataflow}", title)
        for concept, name in self._concept_names.items():
            _describe(SubElement(scheme, "str:Concept", id=concept), Code(concept, name))

    def _data_structure(self, parent: Element) -> None:
        made = self._maintained(parent, "str:DataStructure", f"DSD_{self.dataflow}", self.title)
        components = SubElement(made, "str:DataStructureComponents")
        dimensions = SubElement(components, "str:DimensionList", id="DimensionDescriptor")
        keys = [self.unit_dimension, "INDICATOR", "MEASURE"]
        for position, name in enumerate(keys, 1):
            self._component(dimensions, "str:Dimension", name, position=str(position))
        if self.has_periods:
            self._component(dimensions, "str:TimeDimension", "TIME_PERIOD", position="4")
        attributes = SubElement(components, "str:AttributeList", id="AttributeDescriptor")
        for name, status, depends_on in (
            ("OBS_STATUS", "Mandatory", ["PrimaryMeasure"]),
            ("UNIT_MEASURE", "Conditional", ["INDICATOR", "MEASURE"]),
            ("SOURCE", "Conditional", []),
        ):
            attribute = self._component(attributes, "str:Attribute", name, assignmentStatus=status)
            _relate(SubElement(attribute, "str:AttributeRelationship"), depends_on)
        measures = SubElement(components, "str:MeasureList", id="MeasureDescriptor")
        self._component(measures, "str:PrimaryMeasure", "OBS_VALUE")

    def _component(self, parent: Element, tag: str, name: str, **attributes: str) -> Element:
        """Add a component with its concept and its representation."""
        component = SubElement(parent, tag, {"id": name, **attributes})
        concept = {
            "id": name,
            "maintainableParentID": f"CS_{self.dataflow}",
            "maintainableParentVersion": self.version,
            "agencyID": self.agency,
            "package": "conceptscheme",
            "class": "Concept",
        }
        SubElement(SubElement(component, "str:ConceptIdentity"), "Ref", concept)
        representation = SubElement(component, "str:LocalRepresentation")
        if name in self._lists:
            reference = self._reference(self._list_id(name), "codelist", "Codelist")
            SubElement(SubElement(representation, "str:Enumeration"), "Ref", reference)
        else:
            types = {"TIME_PERIOD": "ObservationalTimePeriod", "OBS_VALUE": "Double"}
            SubElement(representation, "str:TextFormat", textType=types.get(name, "String"))
        return component

    # -- shared parts of elements ----------------------------------------------------------------

    def _maintained(self, parent: Element, tag: str, identifier: str, title: Code) -> Element:
        """Add an element that an agency maintains in versions."""
        made = SubElement(parent, tag, id=identifier, agencyID=self.agency, version=self.version)
        _describe(made, Code(identifier, title.name, title.description))
        return made

    def _reference(self, identifier: str, package: str, kind: str) -> dict[str, str]:
        return {
            "id": identifier,
            "version": self.version,
            "agencyID": self.agency,
            "package": package,
            "class": kind,
        }


def _describe(element: Element, code: Code) -> None:
    SubElement(element, "com:Name", {"xml:lang": "en"}).text = code.name or code.id
    if code.description:
        SubElement(element, "com:Description", {"xml:lang": "en"}).text = code.description


def _relate(relationship: Element, depends_on: Sequence[str]) -> None:
    """Add what the value of an attribute depends on; without any, it is the same for all data."""
    if depends_on == ["PrimaryMeasure"]:
        SubElement(SubElement(relationship, "str:PrimaryMeasure"), "Ref", id="OBS_VALUE")
        return
    for name in depends_on:
        SubElement(SubElement(relationship, "str:Dimension"), "Ref", id=name)
    if not depends_on:
        SubElement(relationship, "str:None")
