"""Whether another account can reach a folder: along its path, and along what its links lead to."""

from pathlib import Path

import pytest

from services.local.postgres import others_can_enter


@pytest.fixture
def open_folder(tmp_path: Path) -> Path:
    """A folder that all may enter, if all may enter what pytest makes."""
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        folder.chmod(0o711)
    if not others_can_enter(tmp_path):
        pytest.skip("the folder for temporary files is closed to other accounts")
    return tmp_path


def test_a_closed_folder_on_the_way_is_seen(open_folder: Path) -> None:
    closed = open_folder / "closed"
    (closed / "inside").mkdir(parents=True)
    closed.chmod(0o700)
    assert others_can_enter(open_folder)
    assert not others_can_enter(closed / "inside")
    assert not others_can_enter(closed / "not-there-yet")


def test_a_link_into_a_closed_folder_leads_nowhere(open_folder: Path) -> None:
    closed = open_folder / "closed"
    (closed / "inside").mkdir(parents=True)
    closed.chmod(0o700)
    (open_folder / "link").symlink_to(closed / "inside")
    assert not others_can_enter(open_folder / "link")
