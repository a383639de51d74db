"""The `.env` that gets credentials: edited without loss, replaced whole, private."""

from __future__ import annotations

import stat
import string
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from freezer_events.config import Settings
from freezer_events.errors import ConfigError
from freezer_infra.keys.env_file import EnvFile, edit, values

if TYPE_CHECKING:
    from pathlib import Path

keys = st.sampled_from(["SASL_USERNAME", "SASL_PASSWORD", "CLIENT_ID", "TOPIC", "OTHER"])
secret = st.text(st.sampled_from(string.ascii_letters + string.digits + "+/=$#'\" _-."), min_size=1)
lines = st.lists(
    st.one_of(
        st.just("# a comment = 1"),
        st.just(""),
        st.builds("{}={}".format, keys, st.sampled_from(["", "x", "'a # b'", '"c" # d', "e # f"])),
        st.builds("export {} = {}".format, keys, st.just("g")),
        st.just("no assignment at all"),
        st.just("MULTI='first\nSASL_PASSWORD=no\nlast'"),
    )
)


@given(lines, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.dictionaries(keys, secret))
def test_what_is_set_reads_back_and_all_else_stays(
    before: list[str],
    end: str,
    mark: bool,  # noqa: FBT001 - drawn by hypothesis
    settings: dict[str, str],
) -> None:
    text = ("\ufeff" if mark else "") + end.join(before)
    after = edit(text, settings)
    assert values(after) == values(text) | settings
    assert after.count("# a comment") == text.count("# a comment")
    assert after.startswith("\ufeff") == mark
    assert edit(after, settings) == after


@given(st.text(min_size=1))
def test_any_value_reads_back(value: str) -> None:
    assume("\\" not in value)  # old dotenv misreads a backslash before a quote; `write` checks
    assert values(edit("A=1\n", {"SECRET": value})) == {"A": "1", "SECRET": value}


def test_comments_line_ends_and_order_stay() -> None:
    before = "# mine\r\nexport TOPIC=t # why\r\n\r\nSASL_PASSWORD='old'# note\r\nCLIENT_ID=me"
    after = edit(before, {"SASL_PASSWORD": "new", "TOPIC": "u", "SASL_USERNAME": "k"})
    assert after == (
        "# mine\r\nexport TOPIC=u # why\r\n\r\nSASL_PASSWORD=new# note\r\nCLIENT_ID=me\r\n"
        "SASL_USERNAME=k\r\n"
    ).replace("new# note", "new")


def test_a_key_given_twice_is_set_where_it_counts() -> None:
    assert edit("A=1\nA=2\n", {"A": "3"}) == "A=1\nA=3\n"


def test_the_producer_reads_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes("\ufeffCLIENT_ID=me\r\n".encode())
    EnvFile(path).write({"SASL_USERNAME": "K", "SASL_PASSWORD": "a$b'c #d", "TOPIC": "t"})
    settings = Settings.load(path)
    assert settings.sasl_password == "a$b'c #d"
    assert settings.client_id == "me"


def test_the_file_is_private_even_if_it_was_not(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("TOPIC=t\n")
    path.chmod(0o644)
    EnvFile(path).write({"SASL_PASSWORD": "s"})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == [".env"]


def test_a_new_file_says_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    assert EnvFile(path).read() == {}
    EnvFile(path).write({"SASL_PASSWORD": "s"})
    assert path.read_text().startswith("# Written by")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_symbolic_link_is_refused_and_names_its_file(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / ".env"
    real.write_text("TOPIC=t\n")
    link.symlink_to(real)
    with pytest.raises(ConfigError, match=r"is a symbolic link to .*real"):
        EnvFile(link).write({"SASL_PASSWORD": "s"})
    assert link.is_symlink()
    assert real.read_text() == "TOPIC=t\n"


def test_a_read_only_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("TOPIC=t\n")
    path.chmod(0o400)
    with pytest.raises(ConfigError, match="is read-only") as caught:
        EnvFile(path).check()
    assert caught.value.fix == f"chmod u+w {path}"
    assert path.read_text() == "TOPIC=t\n"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no folder"):
        EnvFile(tmp_path / "none" / ".env").check()
    with pytest.raises(ConfigError, match="is not a file"):
        EnvFile(tmp_path).check()


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        EnvFile(path).write({"A": "b"})
