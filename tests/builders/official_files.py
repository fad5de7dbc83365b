"""Small official-looking code-set files: made-up rows in the published layouts."""

import zipfile
from io import BytesIO


def order_line(number: int, code: str, valid: bool, short: str, long: str) -> str:
    """A line of an ICD-10 order file."""
    return f"{number:05d} {code:<7} {int(valid)} {short:<60} {long}\r\n"


def hcpcs_line(code: str, kind: str, long: str, *, added: str = "20200101", terminated: str = "") -> str:
    """A record of the HCPCS fixed-width file, or a continuation when `kind` is 4 or 8."""
    head = f"{code:>5}00100{kind}{long:<80}"
    if kind in "48":
        return head.rstrip() + "\r\n"
    return f"{head}{'short':<28}".ljust(229) + "C".ljust(39) + f"{added}{added}{terminated:<8}N\r\n"


HCPCS = (
    hcpcs_line("A1", "7", "Dressing for a made-up wound")
    + hcpcs_line("J0001", "3", "Injection, made-up drug, in two")
    + hcpcs_line("J0001", "4", "records, 10 mg")
    + hcpcs_line("V0001", "3", "Made-up lens", terminated="20251231")
).encode("latin-1")

PCS_ORDER = (
    order_line(1, "001", False, "Made-up table", "Made-up table, Bypass")
    + order_line(2, "0016070", True, "Byp made up", "Bypass of something made up")
    + order_line(3, "XY0YX37", True, "New tech", "New technology, made up")
).encode("latin-1")

CM_ORDER = (
    order_line(1, "A00", False, "Made-up disease", "Made-up disease")
    + order_line(2, "A000", True, "Made-up disease, one", "Made-up disease, kind one")
    + order_line(3, "Z9989", True, "Made-up dependence", "Dependence on something made up")
).encode("latin-1")

ORDER_ADDENDA = (
    b"Add:         0016070 Byp made up                                                  Bypass of something made up\r\n"
    b"Delete:      0016071 Byp old                                                      Bypass of something old\r\n"
    b"\r\nHeaders\r\n    1 headers in old.txt\r\n    1 headers in new.txt\r\n      0 additions\r\n      0 deletions\r\n"
    b"\r\nCodes\r\n  2 codes in old.txt\r\n  2 codes in new.txt\r\n     1 additions\r\n      1 deletions\r\n"
)

INDEX = b"""<?xml version="1.0" encoding="utf-8"?>
<ICD10CM.index>
  <version>2030</version>
  <title>ICD-10-CM INDEX TO DISEASES and INJURIES</title>
  <letter><title>A</title>
    <mainTerm><title>Ache<nemod>(dull)</nemod></title><code>A00.0</code>
      <term level="1"><title>made up</title><code>A00.1-</code></term>
      <term level="1"><title>other</title><seeAlso>Pain</seeAlso></term>
    </mainTerm>
  </letter>
</ICD10CM.index>
"""

TABULAR = b"""<?xml version="1.0" encoding="utf-8"?>
<ICD10CM.tabular>
  <version>2030</version>
  <chapter>
    <name>1</name>
    <desc>Made-up diseases (A00-A09)</desc>
    <section id="A00-A09">
      <desc>Made-up diseases of one kind (A00-A09)</desc>
      <diag><name>A00</name><desc>Made-up disease</desc>
        <diag><name>A00.0</name><desc>Made-up disease, kind one</desc>
          <inclusionTerm><note>Ache, made up</note></inclusionTerm></diag>
        <diag><name>A00.1</name><desc>Made-up disease, kind two</desc></diag>
      </diag>
    </section>
  </chapter>
</ICD10CM.tabular>
"""

DRUGS = b"""<?xml version="1.0" encoding="utf-8"?>
<ICD10CM.index>
  <version>2030</version>
  <indexHeading>
    <head col="1">Substance</head><head col="2">Poisoning</head><head col="7">Underdosing</head>
  </indexHeading>
  <letter><title>M</title>
    <mainTerm><title>Madeupol</title><cell col="2">T00.0X1</cell><cell col="7">--</cell></mainTerm>
  </letter>
</ICD10CM.index>
"""
NEOPLASMS = DRUGS.replace(b">Substance<", b">Neoplasm<")
EXTERNAL_CAUSES = INDEX.replace(b"INDEX TO DISEASES and INJURIES", b"EXTERNAL CAUSE of INJURIES INDEX")

PCS_TABLES = b"""<?xml version="1.0" encoding="utf-8"?>
<ICD10PCS.tabular>
  <version>2030</version>
  <pcsTable>
    <axis pos="1" values="1"><title>Section</title><label code="0">Made up</label></axis>
    <axis pos="2" values="1"><title>Body System</title><label code="0">Nerves</label></axis>
    <axis pos="3" values="1"><title>Operation</title><label code="1">Bypass</label>
      <definition>Going around</definition></axis>
    <pcsRow codes="2">
      <axis pos="4" values="1"><title>Body Part</title><label code="6">Ventricle</label></axis>
      <axis pos="5" values="2"><title>Approach</title><label code="0">Open</label>
        <label code="3">Through skin</label></axis>
      <axis pos="6" values="1"><title>Device</title><label code="7">Tissue</label></axis>
      <axis pos="7" values="1"><title>Qualifier</title><label code="Z">None</label></axis>
    </pcsRow>
  </pcsTable>
</ICD10PCS.tabular>
"""

PCS_INDEX = b"""<?xml version="1.0" encoding="utf-8"?>
<ICD10PCS.index>
  <version>2030</version>
  <letter><title>A</title>
    <mainTerm><title>Aroundotomy</title><see>Bypass, Ventricle<codes>0016</codes></see></mainTerm>
    <mainTerm><title>Madeup plexus</title><use>Nerve</use></mainTerm>
  </letter>
</ICD10PCS.index>
"""

PTP = (
    b"Notice\r\nColumn1/Column2 Edits\r\nColumn 1\r\n*=in existence\r\nEffective\r\nDeletion\r\n"
    b"A0001\tA0002\t\t20200101\t*\t1\tMisuse\r\n"
    b"A0001\tA0003\t*\t20100101\t20191231\t9\tMore extensive\r\n"
)

MUE = (
    b'"Notice over\r\ntwo lines",,,\r\n'
    b'"HCPCS/\r\nCPT Code",Practitioner Services MUE Values,MUE Adjudication Indicator,MUE Rationale\r\n'
    b"A0001,2,2 Date of Service Edit: Policy,Nature of Service\r\n"
)

MUE_OUTPATIENT = MUE.replace(b"Practitioner Services", b"Outpatient Hospital Services")

PTP_HEADING = PTP[: PTP.index(b"A0001")]


def pairs(*rows: tuple[str, str]) -> bytes:
    """A part of an NCCI release: these pairs, since 2020, never together."""
    return PTP_HEADING + b"".join(f"{one}\t{two}\t\t20200101\t*\t0\tMisuse\r\n".encode() for one, two in rows)


POA = (
    b"Order30\tPOAexemptCode\tDescription\r\n00001\tB90.0\tSequelae, made up\r\n00002\tZ99.89\tDependence, made up\r\n"
)
POA_README = b"List of Present On Admission (POA) exempt codes, for FY2030 (2 codes).\r\n"

POA_CHANGES = {
    "POAexemptAddCodesFY30__txt": b"Order30\tPOAexemptCode\tDescription\r\n00001\tB90.0\tSequelae, made up\r\n",
    "POAexemptDeleteCodesFY30__txt": b"POAexemptCode\tDescription\r\nB91.0\tGone, made up\r\n",
    "POAexemptReviseCodesFY30__txt": (
        b"Order30\tAction\tPOAexemptCode\tDescription\r\n2\tRevise from:\tZ99.89\tDependence\r\n"
        b"2\tRevise to:\tZ99.89\tDependence, made up\r\n"
    ),
}
"""The lists of changes in the zip."""

CPT = b"Copyright notice, made up\r\n0001A\tA made-up service\r\n99999\tAnother made-up service\r\n"

INDEX_ADDENDA = (
    b"Lttr             A\r\n"
    b"Main             Assistance\r\n"
    b"                   Cardiac\r\n"
    b"     Add             Made-up pump 5A0221E\r\n"
)

TABLES_ADDENDA = b"""\r
No change: table 0 0 1\r
  First character (Section) is value 0: Made up\r
  Second character (Body System) is value 0: Nerves\r
  Third character (Operation) is value 1: Bypass: Going around\r
\r
No change: First panel of table 0 0 1\r
  Fourth character (Body Part) is value 6: Ventricle\r
  Fifth character (Approach) has 2 choices.\r
    First choice is value 0: Open\r
    Second choice is value 3: Through skin\r
  Sixth character (Device) is value 7: Tissue\r
  Seventh character (Qualifier) is value Z: None\r
\r
FY2030: Second panel of table 0 0 1\r
  Fourth character (Body Part) is value 7: Cistern\r
  Fifth character (Approach) is value 0: Open\r
  Sixth character (Device) is value 7: Tissue\r
  Seventh character (Qualifier) is value Z: None\r
"""

DEFINITIONS_ADDENDA = (
    b"Section 0               Made up\r\nAxis 4                  Body Part\r\nRow                     \r\n"
    b"Term                    Ventricle\r\nIncludes    Add         Made-up fossa\r\n \r\n"
    b"Row         Add         \r\nTerm        Add         Cistern\r\nDefinition  Add         A made-up space\r\n"
)

CONVERSION = (
    b"Current code(s) assignment\tCode title\tEffective year\tPrevious code(s) assignment\tPredecessor code title\t"
    b"Change type\tComment\tEffective month/day [MM.DD]\r\n"
    b'001607A\t"Bypass, new"\t2019\t00H60YZ\t"Insertion, old"\tNew\t10.01\r\n'
)

NDC_CROSSWALK = (
    b"Made-up notes,,,,,,,,,\r\n,,,,,,,,,\r\n"
    b"_2030_CODE,Short Description,LABELER NAME,NDC2,Drug Name,HCPCS dosage,PKG SIZE,PKG QTY,BILLUNITS,BILLUNITSPKG\r\n"
    b'J0001,Inj made up,MADE-UP LABS,00002-1433-80,MADEUPOL,10 MG,1,"1,000",10,"10,000"\r\n'
    b"J0001,Inj made up,OTHER LABS,00003-0001-01,Madeupol,10 MG,.5,10,5,50\r\n"
    b"J7331,A device,MADE-UP LABS,089130-4444-01,Madeup gel,1 MG,1,1,1,1\r\n"
)

COVERAGE = b"code,diagnoses,payer,starts,ends\nA0001,I10 E11.0-E11.9,payer-a,2026-01-01,\n"
FEES = b"code,modifier,payer,price,starts,ends\nA0001,,,125.50,2026-01-01,2026-12-31\nA0001,26,,40.10,2026-01-01,\n"
PLACES = b"code,name,description,starts,ends\n11,Office,,,\n12,Home,,,\n"
MANUAL = (
    b"Definitions of Medicare Code Edits\r\nVersion 99\r\n\r\nContents\r\nChapter 1: Edit code lists\t1\r\n"
    b"4. Age conflict\t1\r\nA. Perinatal/Newborn diagnoses\t1\r\nB. Pediatric diagnoses (age 0 through 17)\t2\r\n"
    b"6. Manifestation code as principal diagnosis\t3\r\n11. Non-covered procedure\t3\r\n"
    b"Chapter 2: Code list changes\t4\r\n\r\n"
    b"Chapter 1: Edit code lists\r\n4. Age conflict\r\nWords on age \x96 0 to 17, such as A33, made up.\r\n"
    b"A. Perinatal/Newborn diagnoses\r\nA33\tMade up, newborn\r\nZ00110\tMade-up visit\r\n\r\n"
    b"B. Pediatric diagnoses (age 0 through 17)\r\nE8411\tMade up, child\r\n"
    b"6. Manifestation code as principal diagnosis\r\nWords.\r\n"
    b"Manifestation codes not allowed as principal diagnosis\r\nD630\tMade-up manifestation\r\n"
    b"11. Non-covered procedure\r\nA. The following procedures\r\n0DT00ZZ\tMade-up resection\r\n"
    b"B3000ZZ\tMade-up imaging\r\n\r\n"
    b"Chapter 2: Code list changes\r\n4. Age conflict\r\nAdded\r\nA34\tAdded since, made up\r\n"
)
"""The manual of the Medicare Code Editor, as CMS publishes its text; with fewer edits."""
CODE_EDITOR = b"edit,code,title,low_age,high_age,starts,ends\nage_newborn,A33,Made up,0,0,,\n"

LAYOUTS: dict[str, tuple[str, bytes]] = {
    "icd10cm-tabular": ("icd10cm_tabular_2030.xml", TABULAR),
    "icd10cm-order": ("icd10cm_order_2030.txt", CM_ORDER),
    "icd10cm-order-addenda": ("order_addenda_2030.txt", ORDER_ADDENDA),
    "icd10cm-index": ("index.xml", INDEX),
    "icd10cm-external-cause": ("eindex.xml", EXTERNAL_CAUSES),
    "icd10cm-neoplasm": ("neoplasm.xml", NEOPLASMS),
    "icd10cm-drug": ("drug.xml", DRUGS),
    "icd10pcs-order": ("icd10pcs_order_2030.txt", PCS_ORDER),
    "icd10pcs-order-addenda": ("order_addenda_2030.txt", ORDER_ADDENDA),
    "icd10pcs-tables": ("tables.xml", PCS_TABLES),
    "icd10pcs-index": ("index.xml", PCS_INDEX),
    "icd10pcs-index-addenda": ("index_addenda_2030.txt", INDEX_ADDENDA),
    "icd10pcs-tables-addenda": ("tables_addenda_2030.txt", TABLES_ADDENDA),
    "icd10pcs-definitions-addenda": ("definitions_addenda_2030.txt", DEFINITIONS_ADDENDA),
    "icd10pcs-conversion": ("conversion_table.txt", CONVERSION),
    "hcpcs": ("HCPC2030_ANWEB.txt", HCPCS),
    "ndc-hcpcs": ("January 2030 ASP NDC-HCPCS Crosswalk.csv", NDC_CROSSWALK),
    "cpt": ("LONGULT.txt", CPT),
    "ncci-ptp": ("ccipra-v999r0-f1.TXT", PTP),
    "ncci-ptp-outpatient": ("ccioph-v999r0-f1.TXT", PTP),
    "ncci-mue-outpatient": ("MCR_MUE_OutpatientHospitalServices_Eff_01-01-2030.csv", MUE_OUTPATIENT),
    "ncci-mue": ("MCR_MUE_PractitionerServices_Eff_01-01-2030.csv", MUE),
    "mce": ("mce.csv", CODE_EDITOR),
    "pos": ("pos.csv", PLACES),
    "poa-exempt": ("POAexemptCodesFY30.txt", POA),
    "coverage": ("coverage.csv", COVERAGE),
    "fees": ("fees.csv", FEES),
}
"""A file of each kind: its name, and what is in it."""


def pack(**members: bytes) -> bytes:
    """A zip; the keyword `order_2030__txt` makes the member `order_2030.txt`."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return packed.getvalue()


def sheet(rows: list[list[str]]) -> bytes:
    """An XLSX workbook of one worksheet with shared strings."""
    strings = sorted({cell for row in rows for cell in row if cell})
    items = "".join(f"<si><t>{text}</t></si>" for text in strings)
    lines = "".join(
        f'<row r="{number}">'
        + "".join(
            f'<c r="{chr(65 + at)}{number}" t="s"><v>{strings.index(cell)}</v></c>'
            for at, cell in enumerate(row)
            if cell
        )
        + "</row>"
        for number, row in enumerate(rows, start=1)
    )
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/sharedStrings.xml", f"<sst {space}>{items}</sst>")
        archive.writestr("xl/worksheets/sheet1.xml", f"<worksheet {space}><sheetData>{lines}</sheetData></worksheet>")
    return packed.getvalue()
