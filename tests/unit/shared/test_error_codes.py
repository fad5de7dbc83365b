"""docs/api.md lists every code of an error, with its status, and none that is not there."""

import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import services
import shared
from shared.contracts.errors import ChartlineError

PAGE = Path(__file__).parents[3] / "docs" / "api.md"


def list_classes(of: type[ChartlineError]) -> Iterator[type[ChartlineError]]:
    for each in of.__subclasses__():
        yield each
        yield from list_classes(each)


def test_the_page_lists_the_codes_of_all_errors() -> None:
    for package in (shared, services):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            import_module(module.name)
    ours = [each for each in list_classes(ChartlineError) if each.__module__.split(".")[0] in ("shared", "services")]
    codes = {(each.code, str(each.http_status)) for each in ours if "code" in vars(each)}
    assert set(re.findall(r"^\| `([a-z0-9-]+)` \| (\d+) \|", PAGE.read_text(), re.MULTILINE)) == codes
