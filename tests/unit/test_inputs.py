"""Inputs that are cut, huge, packed, stray-quoted or oddly encoded: a row costs itself, no more."""

from __future__ import annotations

import encodings.aliases
import gzip
import json
import os
import tracemalloc
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from backports import zstd

from freezer_events.cli.kept_readings import next_place
from freezer_events.cli.rejects import Rejects
from freezer_events.errors import EventError, InvalidEvent, UsageError
from freezer_events.events import FreezerReading
from freezer_events.sources import Inputs, Profile, Rejected, expanded, open_source
from tests.support.cli import Freezer
from tests.support.readings import Taken, outcome

if TYPE_CHECKING:
    from pathlib import Path

EVENT = FreezerReading.__event__
HEAD = "sensor_id,temperature,note\n"


def rows_with(path: Path, bad: dict[int, str], count: int = 20_000) -> Taken:
    """Read a table whose rows of these numbers have another note."""
    lines = [f"f{n},-18.5,{bad.get(n, 'ok')}\n" for n in range(count)]
    path.write_text(HEAD + "".join(lines))
    found = outcome(path, event_type=EVENT)
    kept = sorted([*(r.raw for r in found.rejected), *found.raws])
    assert kept == sorted(line.encode() for line in lines)
    assert found.rows.astray == 0
    return found


@pytest.mark.parametrize(
    "bad",
    [
        {10: '"door'},
        {10: '"door', 2010: '"door'},
        {10: '"door', 15: '"door'},
        {10: '"door', 60: 'door"'},
        {10: '"door', 11: 'door"'},
        {10: '"door', 60: '"'},
        {19_999: '"door'},
        dict.fromkeys(range(0, 20000, 7), '"door'),
    ],
    ids=["one", "far", "near", "other end", "next line", "lone", "last", "many"],
)
def test_a_stray_quote_rejects_its_own_row_and_reading_goes_on_with_the_next(
    tmp_path: Path, bad: dict[int, str]
) -> None:
    found = rows_with(tmp_path / "r.csv", bad)
    opened = [n for n, note in bad.items() if note.startswith('"')]
    assert [each.place.line for each in found.rejected] == [n + 2 for n in opened]
    assert len(found.events) == 20_000 - len(opened)


def test_a_quoted_cell_may_hold_so_many_line_breaks_and_no_more(tmp_path: Path) -> None:
    for breaks, rejected in ((100, 0), (101, 1)):
        note = "\n".join(["x"] * (breaks + 1))
        (tmp_path / "r.csv").write_text(f'{HEAD}f1,1,"{note}"\nf2,2,\n')
        found = outcome(tmp_path / "r.csv", event_type=EVENT)
        assert found.events[-1].sensor_id == "f2"
        assert (found.events[0].sensor_id == "f2") is bool(rejected)


def test_a_cell_of_200_kb_is_kept_whole_as_a_reading_or_as_a_reject(tmp_path: Path) -> None:
    long = "x" * 200_000
    (tmp_path / "r.csv").write_text(f'{HEAD}f1,1,"{long}"\n{long},2,\nf3,{long},\n')
    found = outcome(tmp_path / "r.csv", event_type=EVENT)
    assert [len(each.sensor_id) for each in found.events] == [2, 200_000]
    (rejected,) = found.rejected
    assert rejected.raw == f"f3,{long},\n".encode()
    assert len(rejected.why) < 200


@pytest.mark.parametrize("name", ["r.csv", "r.jsonl", "r.json"])
def test_a_line_of_any_length_takes_no_more_memory_than_a_row_may(
    tmp_path: Path, name: str
) -> None:
    size = 20_000_000
    first = {"r.csv": HEAD, "r.jsonl": '{"sensor_id": "f0", "temperature": 1}\n', "r.json": "[\n"}
    good = "f1,2,\n" if name == "r.csv" else '{"sensor_id": "f1", "temperature": 2}\n'
    with (tmp_path / name).open("w") as file:
        file.write(first[name] + ('{"x": "' if name == "r.json" else ""))
        for _ in range(size // 1_000_000):
            file.write("x" * 1_000_000)
        file.write(f"\n{good}")
    lengths = []

    def measure(found: Rejected) -> None:
        lengths.append(len(found.raw) + sum(map(len, found.rest)))

    tracemalloc.start()
    try:
        source = open_source(str(tmp_path / name), EVENT, measure, wait=lambda: True)
        events = list(source)
        source.close()
        assert tracemalloc.get_traced_memory()[1] < 16_000_000
    finally:
        tracemalloc.stop()
    assert events[-1].sensor_id == "f1"
    assert source.rows.astray == 0
    if name != "r.json":
        assert lengths == [size + 1]


def test_a_key_that_is_there_twice_among_very_many_is_found(tmp_path: Path) -> None:
    pairs = ", ".join(f'"k{n}": 1' for n in range(60_000))
    (tmp_path / "r.jsonl").write_text(f'{{{pairs}, "k59999": 2}}\n')
    (rejected,) = outcome(tmp_path / "r.jsonl", event_type=EVENT).rejected
    assert rejected.why == "k59999: appears twice"


@pytest.mark.parametrize("form", ["csv", "json"])
def test_half_a_line_is_no_data_where_the_input_was_cut_off(form: str, tmp_path: Path) -> None:
    whole = {"csv": "sensor_id,temperature\nf0,-18.0\nf1,-1"}
    text = whole.get(form, '{"sensor_id":"f0","temperature":-18.0}\n{"sensor_id":"f1","temp')
    path = str(tmp_path / "pipe")
    os.mkfifo(path)
    end = os.open(path, os.O_RDWR)  # as a writer that is still there when the signal comes
    os.write(end, text.encode())
    rejected: list[Rejected] = []
    source = open_source(
        path, EVENT, rejected.append, wait=lambda: False, profile=Profile(form=form)
    )
    events = list(source)
    source.close()
    os.close(end)
    assert [each.sensor_id for each in events] == ["f0"]
    assert [(each.raw, each.why) for each in rejected] == [
        (text.encode().splitlines()[-1], "the input was cut off in this line")
    ]


def test_at_the_regular_end_of_a_file_what_has_no_line_end_is_a_row(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("sensor_id,temperature\nf1,-18.2")
    assert [e.temperature for e in outcome(tmp_path / "r.csv", event_type=EVENT).events] == [-18.2]


PLAIN = "sensor_id,temperature\n" + "".join(f"f{n},{n}\n" for n in range(5000))


@pytest.mark.parametrize("kind", ["gz", "zst", "zip"])
def test_a_packed_file_is_read_and_one_that_is_cut_off_says_so_after_what_it_holds(
    tmp_path: Path, kind: str
) -> None:
    path, data = tmp_path / f"r.csv.{kind}", PLAIN.encode()
    if kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("b.csv", data)
            archive.writestr("a/a.csv", data)
        names = expanded([str(path)])
        assert names == [f"{path}!a/a.csv", f"{path}!b.csv"]
    else:
        path.write_bytes(gzip.compress(data) if kind == "gz" else zstd.compress(data))
        names = [str(path)]
    assert len(outcome(names[0], event_type=EVENT).events) == 5000  # type: ignore[arg-type]
    if kind != "zip":
        path.write_bytes(path.read_bytes()[: -3000 if kind == "gz" else -5])
        found = outcome(path, event_type=EVENT)
        assert found.error is not None
        assert "failed before its end" in found.error.why
        assert found.rows.astray == 0
        assert [e.temperature for e in found.events] == list(range(len(found.events)))


def test_several_inputs_are_one_source_in_a_stable_order_with_a_line_about_each(
    tmp_path: Path,
) -> None:
    for name in ("b.csv", "a.csv", ".hidden.csv"):
        (tmp_path / name).write_text(f"sensor_id,temperature\n{name},1\n{name},x\n")
    names = expanded([str(tmp_path)])
    assert names == [str(tmp_path / "a.csv"), str(tmp_path / "b.csv")]
    assert expanded([str(tmp_path / "*.csv")]) == names
    told: list[str] = []
    rejected: list[Rejected] = []
    source = Inputs(
        names,
        lambda name, _: open_source(name, EVENT, rejected.append, wait=lambda: True),
        told.append,
    )
    assert [each.sensor_id for each in source] == ["a.csv", "b.csv"]
    source.close()
    assert [each.place.input for each in rejected] == names
    assert (source.rows.read, source.rows.rejected, source.rows.used) == (4, 2, 2)
    assert told == [f"{name}: 2 rows, 0 none, 1 rejected, 1 readings" for name in names]
    for bad in ([str(tmp_path / "no*")], [names[0], names[0]]):
        with pytest.raises(UsageError, match="--from"):
            expanded(bad)


@pytest.mark.parametrize("codec", sorted(set(encodings.aliases.aliases.values()) | {"idna"}))
def test_any_codec_is_used_or_refused_by_name(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "r.csv"
    try:
        data = "sensor_id,temperature\r\nf1,-18.5\r\nf2,-18.4\r\n".encode(codec)
    except (LookupError, UnicodeError, TypeError):
        data = b"sensor_id,temperature\nf1,1\n"
    path.write_bytes(data)
    found = outcome(path, Profile(encoding=codec), EVENT)
    if isinstance(found.error, UsageError):
        assert found.error.doing == f"--encoding {codec}"
    else:
        assert found.error is None
        assert [each.sensor_id for each in found.events] == ["f1", "f2"]
        assert (
            b"".join(found.raws)
            == data[
                data.index(b"f\x00" if b"\0" in data else b"f1")
                - (
                    3
                    if codec == "utf_32_be" or (codec == "utf_32" and data[:1] == b"\0")
                    else 1
                    if codec == "utf_16_be"
                    else 0
                ) :
            ]
        )


@pytest.mark.parametrize("cut", range(1, 6))
def test_utf_16_that_is_odd_rejects_the_row_it_is_odd_in(tmp_path: Path, cut: int) -> None:
    data = "sensor_id,temperature\nf1,-18.5\nf\ud800,1\nf2,-18.25\n".encode(
        "utf-16", "surrogatepass"
    )
    (tmp_path / "r.csv").write_bytes(data[:-cut])
    found = outcome(tmp_path / "r.csv", event_type=EVENT)
    assert found.error is None
    assert found.rows.astray == 0
    assert found.events[0].sensor_id == "f1"
    kept = sorted([*((r.place.begin, r.raw) for r in found.rejected)])
    assert data.startswith(b"\xff\xfe")
    assert sum(map(len, found.raws)) + sum(len(raw) for _, raw in kept) == len(data) - cut - 46


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ("sensor_id;temperature\r\n", "cp1252"),
        ("Logger: Kühl\r\nNr. 5\r\nsensor_id;temperature\r\n", "cp1252"),
        ("\ufeffsensor_id;temperature\n", "utf-8"),
        ("sensor_id;temperature\n", "utf-16"),
    ],
)
def test_rejects_keep_the_bytes_of_the_input_and_go_in_again_with_the_same_options(
    tmp_path: Path, head: str, encoding: str
) -> None:
    end = "\r\n" if "\r" in head else "\n"
    rows = [f"Kühl1;-18{end}", f'"Kühl ""2""";ERR{end}', f"Kühl3;{end}"]
    data = (head + "".join(rows)).encode(encoding)
    (tmp_path / "in.csv").write_bytes(data)
    said = Profile(encoding=encoding, skip=head.count("\n") - 1, delimiter=";")
    with Rejects(str(tmp_path / "out.csv"), "skip") as rejects:
        rejects.open([str(tmp_path / "in.csv")], named=False)
        source = open_source(
            str(tmp_path / "in.csv"),
            EVENT,
            lambda found: rejects.take(found, source),
            wait=lambda: True,
            profile=said,
        )
        assert [each.sensor_id for each in source] == ["Kühl1"]
        source.close()
    kept = (tmp_path / "out.csv").read_bytes()
    first = rows[0].encode(encoding.replace("utf-16", "utf-16-le"))
    assert kept == data.replace(first, b"", 1)
    bad, good = (text.encode(encoding.replace("utf-16", "utf-16-le")) for text in ("ERR", "-20"))
    (tmp_path / "out.csv").write_bytes(kept.replace(bad, good))
    again = outcome(tmp_path / "out.csv", said, EVENT)
    assert [each.sensor_id for each in again.events] == ['Kühl "2"']
    assert len(again.rejected) == 1


# The command

DRY = ("produce", "--dry-run", "--on-bad", "skip", "--from")


@pytest.fixture
def freezer(tmp_path: Path) -> Freezer:
    return Freezer(tmp_path)


def test_a_run_in_which_all_was_rejected_exits_5_and_says_the_same_cause_once(
    freezer: Freezer, tmp_path: Path
) -> None:
    (tmp_path / "r.csv").write_text("sensor_id,temperature\n" + "f1,n/a\n" * 2000 + "f1,xx\n")
    done = freezer(*DRY, "r.csv", "--rejects", "bad.csv")
    assert done.returncode == 5
    told = [line for line in done.stderr.splitlines() if line.startswith("skipped")]
    assert len(told) == 2
    assert told[1].startswith(
        "skipped 2,001 rows: temperature: … is not a number (r.csv:2, r.csv:3"
    )
    assert not (tmp_path / "bad.csv").exists()  # the real run writes it


def test_a_standard_input_that_is_closed_is_named(freezer: Freezer) -> None:
    import subprocess  # noqa: PLC0415 - one test's

    from tests.support.cli import FREEZER  # noqa: PLC0415

    done = subprocess.run(
        ["/bin/sh", "-c", '"$0" produce --dry-run --from - <&-', FREEZER],
        cwd=freezer.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "standard input: it is closed" in done.stderr


def test_rows_of_several_inputs_are_kept_in_a_folder_under_their_names(tmp_path: Path) -> None:
    names = [str(tmp_path / each) for each in ("a.csv", "b.csv")]
    with pytest.raises(UsageError, match="keeps the rows of one input"):
        Rejects(str(tmp_path / "bad.csv"), "skip").open(names, named=False)
    with pytest.raises(UsageError, match="whose name says a field"):
        Rejects(str(tmp_path / "bad.csv"), "skip").open(names[:1], named=True)
    with Rejects(f"{tmp_path}/bad/", "skip") as rejects:
        rejects.open(names, named=True)


def test_a_disk_that_is_full_ends_the_run_with_a_named_cause(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("sensor_id,temperature\nf1,n/a\n")
    with Rejects("/dev/full", "skip") as rejects:
        rejects.open([str(tmp_path / "in.csv")], named=False)
        source = open_source(
            str(tmp_path / "in.csv"), EVENT, lambda found: rejects.take(found, source),
            wait=lambda: True,
        )  # fmt: skip
        with pytest.raises(EventError, match="No space left on device") as raised:
            list(source)
        source.close()
    assert raised.value.fix == f"make room; {tmp_path}/in.csv:2 is the first row that is not in it"


def test_json_lines_and_documents_give_the_same_readings(tmp_path: Path) -> None:
    objects = [{"sensor_id": f"f{n}", "temperature": n, "x": {"a": ["}", n]}} for n in range(300)]
    texts = {
        "lines.jsonl": "\n".join(map(json.dumps, objects)),
        "array.json": json.dumps(objects),
        "pretty.json": json.dumps(objects, indent=2),
        "row.json": "\n".join(json.dumps(each, indent=4) for each in objects),
    }
    taken: list[Any] = []
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
        found = outcome(tmp_path / name, event_type=EVENT)
        assert (found.error, found.rejected, found.rows.astray) == (None, [], 0)
        taken.append(found.events)
    assert taken == [taken[0]] * 4
    assert len(taken[0]) == 300


def test_an_object_that_is_never_closed_costs_itself_alone(tmp_path: Path) -> None:
    good = '  {"sensor_id": "f1", "temperature": 1},\n'
    (tmp_path / "r.json").write_text(f'[\n{good}  {{"sensor_id": "f2", "temp\n{good}{good}]\n')
    found = outcome(tmp_path / "r.json", event_type=EVENT)
    assert len(found.events) == 3
    assert [each.place.line for each in found.rejected] == [3]


def test_a_table_without_a_header_at_all_is_named(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_bytes(b"")
    assert isinstance(outcome(tmp_path / "r.csv", event_type=EVENT).error, InvalidEvent)


@pytest.mark.parametrize("empty", ["a.csv", "b.csv", "c.csv"])
@pytest.mark.parametrize("output", ["text", "json"])
def test_an_input_that_is_empty_ends_a_run_with_its_tally_or_is_passed_over(
    tmp_path: Path, empty: str, output: str
) -> None:
    freezer = Freezer(
        tmp_path, {"BOOTSTRAP_SERVERS": "localhost:1", "SCHEMA_REGISTRY_URL": "http://localhost:1"}
    )
    for number, name in enumerate(("a.csv", "b.csv", "c.csv")):
        (tmp_path / name).write_text(f"sensor_id,temperature\nf,{number}\n" * (name != empty))
    run = ("produce", "--from", "*.csv", "--spool", "s", "--give-up-after", "0.3", "--no-lines")
    done = freezer(*run, "--output", output)
    before = ord(empty[0]) - ord("a")
    assert done.returncode == 5, done.stderr
    assert f"{empty}:1: is empty" in done.stderr
    if before:
        readings = "1 reading read" if before == 1 else "2 readings read"
        told = json.loads(done.stdout)["tally"]["read"] if output == "json" else done.stdout
        assert told == before if output == "json" else readings in done.stdout
    done = freezer(*run, "--output", output, "--on-bad", "skip")
    assert done.returncode == 6, done.stderr
    assert "passed over" in done.stderr


TABLE = "sensor_id,temperature\n"
NO_ROWS: dict[str, tuple[str | None, int, str]] = {
    "a quote in its header": ('"sensor_id,temperature\nf,1\n', 5, "header cannot be read"),
    "a long preamble": ("\n" * 1001 + f"{TABLE}f,1\n", 5, "none is a header"),
    "another header": ("place,degrees\nf,1\n", 2, "no column holds sensor_id"),
    "no such file": (None, 2, "No such file"),
}


@pytest.mark.parametrize("what", NO_ROWS)
def test_an_input_that_cannot_be_opened_is_never_passed_over(tmp_path: Path, what: str) -> None:
    text, code, why = NO_ROWS[what]
    (tmp_path / "a.csv").write_text(f"{TABLE}f,1\n")
    if text is not None:
        (tmp_path / "b.csv").write_text(text)
    freezer = Freezer(
        tmp_path, {"BOOTSTRAP_SERVERS": "localhost:1", "SCHEMA_REGISTRY_URL": "http://localhost:1"}
    )
    named = ("--from", "a.csv", "--from", "b.csv", "--on-bad", "skip", "--quiet")
    spooled = ("--spool", "spool", "--give-up-after", "0.3")  # which looks at all files first
    for run in (("--dry-run",), spooled if text else ("--dry-run", "--output", "json")):
        done = freezer("produce", *named, *run)
        assert why in done.stderr
        assert done.returncode == code
        assert "1 reading read" in done.stdout or json.loads(done.stdout)["tally"]["read"] == 1


@pytest.mark.parametrize("what", [*NO_ROWS, "nothing"])
def test_the_next_step_leads_to_the_input_that_could_not_be_opened(
    tmp_path: Path, what: str
) -> None:
    text = NO_ROWS.get(what, ("",))[0]
    names = [str(tmp_path / name) for name in ("a.csv", "b.csv")]
    (tmp_path / "a.csv").write_text(f"{TABLE}f,1\n")
    if text is not None:
        (tmp_path / "b.csv").write_text(text)
    source = Inputs(
        names,
        lambda name, _: open_source(name, EVENT, lambda _: None, wait=lambda: True),
        lambda _: None,
    )
    with pytest.raises(EventError) as raised:
        list(source)
    refused = isinstance(raised.value, InvalidEvent)
    found = next_place(source, [], names, kept=False, ended=False, refused=refused)
    assert found == (names[1], 1)
    assert source.rows.read == 1


JOBS = ["_temporary", "_delta_log", ".staging", "_spark_metadata", "_committed_7", "_impala_x"]


@pytest.mark.parametrize("folder", JOBS)
@pytest.mark.parametrize("pattern", ["", "**/*.csv"])
def test_what_a_job_leaves_beside_its_rows_is_no_input(
    tmp_path: Path, folder: str, pattern: str
) -> None:
    kept = ["_SUCCESS", f"{folder}/0/part-0.csv", f"day=1/{folder}/part-0.csv", "_metadata"]
    read = ["_col=1/part-0.csv", "day=1/part-0.csv"]
    for name in kept + read:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    told: list[str] = []
    found = expanded([str(tmp_path / pattern)], told.append)
    assert found == [str(tmp_path / name) for name in read]
    assert "_SUCCESS" not in "".join(told)
    in_folder = expanded([str(tmp_path / folder / pattern)])
    assert in_folder == [str(tmp_path / kept[1])]  # what is named is read


@pytest.mark.parametrize("quiet", [(), ("--quiet",)])
def test_what_is_passed_over_and_may_hold_rows_is_told(
    tmp_path: Path, quiet: tuple[str, ...]
) -> None:
    for name in ("_mine.csv", "a.csv", "_temporary/0/a.csv"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_text(f"{TABLE}f,1\n")
    done = Freezer(tmp_path)("produce", "--from", "in", "--dry-run", *quiet)
    assert "1 reading read" in done.stdout
    assert "_mine.csv, _temporary/0/a.csv" in " ".join(done.stderr.split())
