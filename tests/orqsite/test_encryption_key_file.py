"""The generated key file: one key a line, its owner's alone, and refused when it cannot seal."""

from pathlib import Path
from stat import S_IMODE

import pytest
from cryptography.fernet import Fernet

from orqsite.environment import SettingInvalid
from orqsite.secret_files import encryption_keys, make_encryption_key


def test_a_missing_file_is_no_key_and_is_not_made_in_silence(tmp_path: Path) -> None:
    assert encryption_keys(tmp_path / "encryption_key") == []
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_made_with_one_key_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "encryption_key"

    make_encryption_key(file)
    [key] = encryption_keys(file)
    make_encryption_key(file)

    assert Fernet(key)
    assert encryption_keys(file) == [key]
    assert S_IMODE(file.stat().st_mode) == 0o600


def test_every_line_is_a_key_and_the_first_one_seals(tmp_path: Path) -> None:
    keys = [Fernet.generate_key().decode() for _ in range(2)]
    (tmp_path / "encryption_key").write_text("\n".join(keys) + "\n\n")

    assert encryption_keys(tmp_path / "encryption_key") == keys


@pytest.mark.parametrize(
    ("text", "named"), [("hunter2\n", "line 1 is not a Fernet key"), ("\n", "holds no key")]
)
def test_a_file_that_cannot_seal_stops_the_start(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "encryption_key").write_text(text)

    with pytest.raises(SettingInvalid, match=named) as refused:
        encryption_keys(tmp_path / "encryption_key")

    assert "hunter2" not in str(refused.value)
