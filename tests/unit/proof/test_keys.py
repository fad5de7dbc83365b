"""Key files: what is read back is what was written, and what cannot be trusted is refused."""

import json
import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from shared.proof.keys import (
    KeyUnusable,
    generate_signing_key,
    is_open_to_others,
    read_key_set,
    read_signing_key,
    to_key_set,
    write_signing_key,
)
from shared.proof.statements import SignatureRefused, read_statement, sign_statement


def test_a_key_survives_its_file(tmp_path: Path) -> None:
    key = generate_signing_key()
    path = tmp_path / "key.pem"
    write_signing_key(key, path)
    read = read_signing_key(path)
    assert read.key_id == key.key_id
    token = sign_statement({"a": 1.5}, read, kind="x")
    assert read_statement(token, read_key_set(to_key_set(key)), kind="x") == {"a": 1.5}


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    write_signing_key(generate_signing_key(), path)
    before = path.read_bytes()
    with pytest.raises(KeyUnusable, match="exists"):
        write_signing_key(generate_signing_key(), path)
    assert path.read_bytes() == before


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    write_signing_key(generate_signing_key(), path)
    path.chmod(0o644)
    with pytest.raises(KeyUnusable, match="chmod 600"):
        read_signing_key(path)


@pytest.mark.parametrize(
    ("owner", "mode", "is_open"),
    [
        (10001, 0o600, False),
        (10001, 0o640, True),
        (0, 0o440, False),
        (0, 0o640, False),
        (0, 0o660, True),
        (0, 0o644, True),
    ],
)
def test_only_root_may_share_a_key_and_with_a_group_that_reads(owner: int, mode: int, is_open: bool) -> None:
    found = os.stat_result((stat.S_IFREG | mode, 0, 0, 1, owner, 10001, 0, 0, 0, 0))
    assert is_open_to_others(found) is is_open


def _other_curve() -> bytes:
    return generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize("content", [b"", b"no key", _other_curve()])
def test_what_is_no_ed25519_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyUnusable):
        read_signing_key(path)


def test_a_key_that_is_not_there_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(KeyUnusable, match="chartline keys new"):
        read_signing_key(tmp_path / "none.pem")


def test_a_key_set_holds_several_keys_and_nothing_private() -> None:
    keys = [generate_signing_key(), generate_signing_key()]
    text = to_key_set(*keys)
    assert read_key_set(text).keys() == {key.key_id for key in keys}
    assert all("d" not in jwk for jwk in json.loads(text)["keys"])


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"keys": []}', '{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "A"}]}']
)
def test_what_is_no_key_set_is_refused(text: str) -> None:
    with pytest.raises(KeyUnusable):
        read_key_set(text)


def test_a_key_under_another_s_name_is_refused() -> None:
    mine, other = generate_signing_key(), generate_signing_key()
    with pytest.raises(KeyUnusable, match="thumbprint"):
        read_key_set(to_key_set(mine).replace(mine.key_id, other.key_id))


def test_one_kind_of_signature_is_not_taken_for_another() -> None:
    key = generate_signing_key()
    keys = read_key_set(to_key_set(key))
    with pytest.raises(SignatureRefused, match="kind"):
        read_statement(sign_statement({}, key, kind="x"), keys, kind="y")


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "e30.e30."])
def test_what_is_no_signature_is_refused(token: str) -> None:
    with pytest.raises(SignatureRefused):
        read_statement(token, {}, kind="x")
