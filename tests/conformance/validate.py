"""A child process that validates FHIR with the HAPI validator: resources in, findings out, a line of JSON each.

    python validate.py JARS DEFINITIONS < resources.ndjson > findings.ndjson

JPype runs the validator's Java inside this process; that is why it is not the test's own. It knows the definitions of
R4 itself and those in the folder DEFINITIONS, and asks no server: codes of systems that nobody may ship stay unchecked.
"""

import json
import sys
from pathlib import Path
from typing import Any

import jpype
import jpype.imports

# The types of Java's objects are not known to Python; only this file touches them.
Java = Any


def start_java(jars: Path) -> None:
    """Start the JVM of this process over a folder of jars."""
    quick = ("-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
    jpype.startJVM(*quick, classpath=[str(jar) for jar in sorted(jars.glob("*.jar"))])


def build_validator(definitions: Path) -> Java:
    """Build the R4 validator with our StructureDefinitions; what they do not define is an error."""
    from ca.uhn.fhir.context import FhirContext
    from ca.uhn.fhir.context.support import DefaultProfileValidationSupport
    from org.hl7.fhir.common.hapi.validation import support
    from org.hl7.fhir.common.hapi.validation.validator import FhirInstanceValidator

    context = FhirContext.forR4()
    ours = support.PrePopulatedValidationSupport(context)
    for path in sorted(definitions.glob("StructureDefinition-*.json")):
        ours.addStructureDefinition(context.newJsonParser().parseResource(path.read_text(encoding="utf-8")))
    chain = support.ValidationSupportChain(
        DefaultProfileValidationSupport(context),
        ours,
        support.CommonCodeSystemsTerminologyService(context),
        support.InMemoryTerminologyServerValidationSupport(context),
        support.SnapshotGeneratingValidationSupport(context),
    )
    module = FhirInstanceValidator(chain)
    module.setAnyExtensionsAllowed(False)
    validator = context.newValidator()
    validator.registerValidatorModule(module)
    return validator


def find_errors(validator: Java, resource: str) -> list[str]:
    """Return what the validator holds to be wrong, as `location: message`."""
    result = validator.validateWithResult(resource)
    return [
        f"{message.getLocationString()}: {message.getMessage()}"
        for message in result.getMessages()
        if str(message.getSeverity()) in ("ERROR", "FATAL")
    ]


def main() -> None:
    """Answer line by line until the input ends."""
    jars, definitions = map(Path, sys.argv[1:])
    start_java(jars)
    validator = build_validator(definitions)
    for line in sys.stdin:
        sys.stdout.write(json.dumps(find_errors(validator, line)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
