"""Files as loggers and tools export them: each gives what a person expects, none is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from freezer_events.cli.mapping_options import MappingOptions
from freezer_events.events import FreezerReading
from freezer_events.sources import Profile
from tests.support.readings import HANDED, Taken, outcome, profile, version_3

if TYPE_CHECKING:
    from pathlib import Path

ZONE = "+02:00"


def taken(name: str, as_: str | None = None, **options: Any) -> Taken:
    said = MappingOptions(**options).over(profile(as_) if as_ else Profile(), version_3())
    return outcome(HANDED / name, said)


def at(clock: str, day: str = "2026-10-01") -> str:
    return f"{day}T{clock}+00:00"


GOOD: list[tuple[str, str | None, dict[str, Any], list[tuple[Any, ...]], tuple[int, int]]] = [
    # file, profile, options, readings, (rows that are none, rows rejected)
    ("01-elitech-rc5.csv", "elitech", {},
     [("EF2390F1A", -18.4, at("00:00:00")), ("EF2390F1A", -18.1, at("00:10:00")),
      ("EF2390F1A", -17.9, at("00:20:00"))], (0, 0)),
    ("03-hobo.csv", "hobo", {},
     [("Freezer 3", -19.283, at("09:30:00", "2026-11-03")),
      ("Freezer 3", -19.117, at("10:00:00", "2026-11-03"))], (2, 0)),
    ("07-lascar-easylog.txt", "easylog", {"time_zone": ZONE},
     [("Freezer A", -18.5, at("06:00:00")), ("Freezer A", -18.0, at("06:05:00")),
      ("Freezer A", -17.5, at("06:10:00"))], (0, 0)),
    ("08-govee_H5075_freezer_export.csv", "govee", {"time_zone": ZONE},
     [("08-govee_H5075_freezer", -18.6, at("07:22:00")),
      ("08-govee_H5075_freezer", -18.2, at("07:37:00"))], (0, 0)),
    ("10-sensorpush.csv", "sensorpush", {"time_zone": ZONE, "constants": ("sensor_id=F1",)},
     [("F1", -18.611, at("07:22:00")), ("F1", -18.556, at("07:23:00"))], (0, 0)),
    ("11-home-assistant.csv", "home-assistant", {},
     [("sensor.freezer_temperature", -18.4, at("08:00:00")),
      ("sensor.freezer_temperature", -18.1, at("08:10:00"))], (3, 0)),
    ("12-influx-annotated.csv", "influxdb", {},
     [("f1", -18.4, at("08:00:00")), ("f1", -18.3, at("08:01:00")),
      ("f2", -20.1, at("08:00:00"))], (5, 0)),
    ("16-wide.csv", "wide", {},
     [("freezer_1", -18.4, at("08:00:00")), ("freezer_2", -20.1, at("08:00:00")),
      ("fridge_1", 4.2, at("08:00:00")), ("freezer_1", -18.3, at("08:01:00")),
      ("fridge_1", 4.1, at("08:01:00"))], (0, 0)),
    ("17-telegraf.json", "telegraf", {},
     [("f1", -18.4, at("08:00:00")), ("f2", -20.1, at("08:00:00"))], (0, 0)),
    ("18-z2m-mosquitto-v.txt", "zigbee2mqtt", {},
     [("freezer", -18.4, at("06:00:00")), ("freezer", -18.2, at("06:05:00"))], (0, 0)),
    ("20-flat-extra.jsonl", None,
     {"columns": ("device_id=sensor_id", "ts=recorded_at"), "time_format": "epoch-s"},
     [("shelly-ht-1", -18.4, at("08:00:00")), ("shelly-ht-1", -18.2, at("08:05:00"))], (0, 0)),
    ("21-azure-iothub.json", "azure-iot-hub", {},
     [("esp82", -18.4, at("08:00:00.095000"))], (0, 0)),
    ("22-array.json", None, {},
     [("f1", -18.4, at("08:00:00")), ("f1", -18.3, at("08:01:00"))], (0, 0)),
    ("25-excel-sep.csv", None, {}, [("f1", -18.4, at("08:00:00"))], (0, 0)),
    ("28-concat.csv", None, {},
     [("f1", -18.4, at("08:00:00")), ("f1", -18.3, at("08:01:00"))] * 2, (1, 0)),
    ("29b-trailing-ragged.csv", None, {},
     [("f1", -18.4, at("08:00:00")), ("f1", -18.3, at("08:01:00"))], (0, 0)),
    ("34-json-types.jsonl", None, {},
     [("f1", -18.4, None), ("101", -18.4, None), ("f1", -18.0, None),
      ("f1", -18.4, at("08:00:00"))], (0, 4)),
    ("37-SENSOR06.CSV", None,
     {"from_name": (r"sensor_id=^\d+-(.+)\.",), "joins": ("Date,Time=recorded_at",),
      "columns": ("Temperature (C)=temperature",), "time_format": "%d.%m.%Y %H:%M:%S",
      "time_zone": ZONE},
     [("SENSOR06", -18.5, at("07:31:55", "2024-09-02")),
      ("SENSOR06", -18.4, at("07:32:55", "2024-09-02"))], (0, 0)),
    ("43-quote-open.csv", None, {},
     [("f1", -18.4, None), ("f1", -18.3, None), ("f1", -18.1, None), ("f1", -18.0, None)], (0, 1)),
    ("47-truncated.csv", None, {}, [("f1", -18.4, None), ("f1", -18.3, None)], (0, 1)),
    ("50-semi.csv", None, {"decimal": ","}, [("f1", -18.5, None)], (0, 0)),
    ("51-dec.csv", None, {"decimal": ","}, [("f1", -18.5, None)], (0, 0)),
    ("52-two-keys.jsonl", None, {"columns": ("device_id=sensor_id",)}, [], (0, 2)),
    ("60-cp1252.csv", None,
     {"columns": ("Fühler=sensor_id",), "decimal": ",", "encoding": "cp1252"},
     [("Kühl1", -18.4, None)], (0, 1)),
    ("70-bool.csv", None, {"units": ("humidity_pct=%",)}, [("f1", -18.4, None)] * 4, (0, 0)),
    ("KG34V10_2026-10-01.txt", None,
     {"header": "day,clock,temperature", "delimiter": " ", "time_zone": ZONE,
      "joins": ("day,clock=recorded_at",), "from_name": ("sensor_id=^(.+?)_",)},
     [("KG34V10", -18.4, at("12:20:00")), ("KG34V10", -18.2, at("12:30:00"))], (0, 0)),
    ("empty-time.csv", None, {}, [("f1", -18.2, None), ("f2", -18.0, at("08:00:00"))], (0, 0)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "as_", "options", "readings", "others"), GOOD, ids=lambda v: str(v)[:24]
)
def test_a_handed_file_gives_the_readings_that_are_in_it(
    name: str, as_: str | None, options: dict[str, Any], readings: Any, others: tuple[int, int]
) -> None:
    found = taken(name, as_, **options)
    assert found.error is None
    assert found.short == readings
    assert (found.rows.none, found.rows.rejected) == others
    assert found.rows.astray == 0


@pytest.mark.parametrize(
    ("name", "as_"),
    [("07-lascar-easylog.txt", "easylog"), ("08-govee_H5075_freezer_export.csv", "govee")],
)
def test_local_times_are_rejected_until_their_zone_is_said(name: str, as_: str) -> None:
    found = taken(name, as_)
    assert found.events == []
    assert {each.fix.partition(" UTC")[0] for each in found.rejected} == {
        "say where its clock was: --time-zone"
    }


@pytest.mark.parametrize(
    ("name", "fix"), [("50-semi.csv", "--decimal ,"), ("51-dec.csv", "--decimal ,")]
)
def test_a_decimal_comma_is_recognised_and_its_option_named(name: str, fix: str) -> None:
    (rejected,) = taken(name).rejected
    assert rejected.fix == fix


def test_rejects_of_the_handed_files_have_their_own_text_and_reason() -> None:
    (quote,) = taken("43-quote-open.csv").rejected
    assert (quote.place.line, quote.raw) == (4, b'f1,-18.2,"unclosed\n')
    (cut,) = taken("47-truncated.csv").rejected
    assert cut.raw == b'"f1","-1'
    json_types = taken("34-json-types.jsonl").rejected
    assert [(each.place.line, each.why) for each in json_types] == [
        (2, "temperature: None is not a number"),
        (3, "temperature: nan is not a finite number"),
        (7, "recorded_at: '2026-10-01 08:00:00' has no time zone"),
        (8, "temperature: is missing"),
    ]
    assert "--time-zone" in json_types[2].fix
    (percent,) = taken("70-bool.csv").rejected
    assert (percent.place.line, percent.fix) == (2, "say its unit: --unit humidity_pct=%")


def test_words_of_yes_and_no_are_taken() -> None:
    found = taken("70-bool.csv", units=("humidity_pct=%",)).events
    assert [(e.door_open, e.compressor_on, e.humidity_pct) for e in found] == [
        (True, False, 61.0),
        (True, False, 61.0),
        (True, None, 61.0),
        (True, False, None),
    ]


TIMES = {  # line of the file: the option that its rejection names
    6: "--time-zone", 7: "--time-zone", 8: "--time-format epoch-s", 9: "--time-format epoch-ms",
    10: "--time-format epoch-s", 11: "--time-format '%d/%m/%Y %H:%M'",
    12: "--time-format '%d/%m/%Y %I:%M %p'", 13: "--time-format '%d.%m.%Y %H:%M:%S'",
    14: "--time-format '%b %d, %Y %I:%M:%S %p'", 15: "--time-format '%Y/%m/%d %H:%M:%S'",
    16: "--cut-times", 18: "--join DATE,TIME=FIELD", 19: "spreadsheet",
}  # fmt: skip
EIGHT, SIX = at("08:00:00"), at("06:00:00")


def test_times_with_a_zone_are_taken_in_any_spelling_and_others_name_their_option() -> None:
    found = taken("35-times.csv")
    assert {each.place.line for each in found.rejected} == set(TIMES)
    for each in found.rejected:
        assert TIMES[each.place.line] in each.fix
    assert [moment for _, _, moment in found.short] == [
        EIGHT, SIX, EIGHT, EIGHT, EIGHT, at("08:00:00.123000"), at("00:00:00", "2026-10-02"),
        EIGHT, EIGHT, EIGHT, EIGHT,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "options", "moment"),
    [
        ("1790841600", {"time_format": "epoch-s"}, EIGHT),
        ("1790841600.5", {"time_format": "epoch-s"}, at("08:00:00.500000")),
        ("1790841600000", {"time_format": "epoch-ms"}, EIGHT),
        ("1790841600000000", {"time_format": "epoch-us"}, EIGHT),
        ("1790841600000000000", {"time_format": "epoch-ns"}, EIGHT),
        ("-1.5", {"time_format": "epoch-s"}, at("23:59:58.500000", "1969-12-31")),
        ("01/10/2026 10:00", {"time_format": "%d/%m/%Y %H:%M", "time_zone": ZONE}, EIGHT),
        ("10/01/2026 08:00 AM", {"time_format": "%m/%d/%Y %I:%M %p", "time_zone": "UTC"}, EIGHT),
        ("2026-10-01 10:00:00", {"time_zone": "Europe/Berlin"}, EIGHT),
        ("2026-10-01T08:00:00.123456789Z", {"cut_times": True}, at("08:00:00.123000")),
        ("2026-10-01T08:00:00.1230000Z", {}, at("08:00:00.123000")),
        ("2026-10-01T08:00:00.123Z", {}, at("08:00:00.123000")),
        ("2026-10-01 10:00:00.123000+02:00", {}, at("08:00:00.123000")),
        ("2026-10-01T08:00:00.123400Z", {"cut_times": True}, at("08:00:00.123000")),
    ],
)
def test_a_time_is_taken_once_its_form_and_zone_are_said(
    tmp_path: Path, text: str, options: dict[str, Any], moment: str
) -> None:
    (tmp_path / "r.csv").write_text(f"sensor_id,temperature,recorded_at\nf1,1,{text}\n")
    said = MappingOptions(**options).over(Profile(), version_3())
    assert [each[2] for each in outcome(tmp_path / "r.csv", said).short] == [moment]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2026-10-01T08:00:00.123400Z", "more digits of a second"),
        ("2026-10-01x08:00:00.123Z", "is not a time"),
        ("2026-10-01T12:00.1Z", "a fraction of something other than a second"),
    ],
)
def test_no_digit_of_a_second_is_lost_or_guessed(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "r.csv").write_text(f"sensor_id,temperature,recorded_at\nf1,1,{text}\n")
    (rejected,) = outcome(
        tmp_path / "r.csv", MappingOptions().over(Profile(), version_3())
    ).rejected
    assert why in rejected.why


@pytest.mark.parametrize(
    ("text", "why"),
    [("2026-10-25 02:30:00", "occurs twice"), ("2026-03-29 02:30:00", "does not exist")],
)
def test_a_local_time_at_which_the_clock_was_changed_is_not_guessed(
    tmp_path: Path, text: str, why: str
) -> None:
    (tmp_path / "r.csv").write_text(f"sensor_id,temperature,recorded_at\nf1,1,{text}\n")
    said = MappingOptions(time_zone="Europe/Berlin").over(Profile(), version_3())
    (rejected,) = outcome(tmp_path / "r.csv", said).rejected
    assert why in rejected.why


@pytest.mark.parametrize(
    ("text", "said", "temperature"),
    [
        ("temperature (°F)\n-1.5", {"columns": ("temperature (°F)=temperature",)}, -18.611),
        ("temp_f\n-1.5", {"columns": ("temp_f=temperature",)}, -18.611),
        ("temperature [K]\n254.65", {"columns": ("temperature [K]=temperature",)}, -18.5),
        ("temperature\n-1.5", {"units": ("temperature=F",)}, -18.611),
        ("temperature\n-1.5 °F", {"units": ("temperature=°F",)}, -18.611),
        ("temperature (°C)\n-1.5", {"columns": ("temperature (°C)=temperature",)}, -1.5),
    ],
)
def test_numbers_of_another_unit_are_converted(
    tmp_path: Path, text: str, said: dict[str, Any], temperature: float
) -> None:
    head, value = text.split("\n")
    (tmp_path / "r.csv").write_text(f"sensor_id,{head}\nf1,{value}\n")
    options = MappingOptions(**said).over(Profile(), version_3())
    assert outcome(tmp_path / "r.csv", options).short == [("f1", temperature, None)]


def test_a_unit_that_cannot_be_converted_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("sensor_id,voltage (mV)\nf1,3000\n")
    options = MappingOptions(columns=("voltage (mV)=temperature",)).over(Profile(), version_3())
    error = outcome(tmp_path / "r.csv", options).error
    assert error is not None
    assert "is in millivolts, and temperature in degrees Celsius" in error.why


@pytest.mark.parametrize(
    ("none", "rows"),
    [(("-127", "85", "---", "NaN"), (4, 1)), (("temperature=85",), (1, 3)), ((), (0, 3))],
)
def test_values_that_stand_for_none_can_be_named(
    tmp_path: Path, none: tuple[str, ...], rows: tuple[int, int]
) -> None:
    lines = "f1,-127.0,50\nf1,85,85\nf1,---,50\nf1,NaN,50\nf1,x,50\nf1,-18,85\n"
    (tmp_path / "r.csv").write_text(f"sensor_id,temperature,humidity_pct\n{lines}")
    options = MappingOptions(none=none).over(Profile(), version_3())
    found = outcome(tmp_path / "r.csv", options)
    assert (found.rows.none, found.rows.rejected) == rows
    # A number is none of the field that a reading is about, unless another one is named.
    assert found.events[-1].humidity_pct == 85


@pytest.mark.parametrize(
    "line", [" ,1", '"a\x1bb",1', "\x00,1", ",1"], ids=["blank", "escape", "nul", "empty"]
)
def test_a_key_that_nobody_could_find_again_is_rejected(tmp_path: Path, line: str) -> None:
    (tmp_path / "r.csv").write_text(f"sensor_id,temperature\n{line}\n")
    found = outcome(tmp_path / "r.csv", event_type=FreezerReading.__event__)
    assert (found.events, len(found.rejected)) == ([], 1)
    assert found.rejected[0].why.startswith("sensor_id: ")


def test_another_header_in_mid_file_is_told_and_followed_or_its_rows_are_rejected(
    tmp_path: Path,
) -> None:
    path = tmp_path / "r.csv"
    path.write_text("sensor_id,temperature\nf1,1\ntemperature,sensor_id\n2,f2\n")
    found = outcome(path)
    assert [(each.sensor_id, each.temperature) for each in found.events] == [("f1", 1), ("f2", 2)]
    assert "another header follows" in found.told[-1]
    path.write_text("sensor_id,temperature\nf1,1\nsensor_id,humidity\nf2,61\n")
    found = outcome(path)
    assert [each.sensor_id for each in found.events] == ["f1"]
    assert [each.place.line for each in found.rejected] == [3, 4]


@pytest.mark.parametrize(
    ("data", "fix"),
    [
        (b"Logger,7\nSite,Lab\nsensor_id,temperature\nf1,1\n", "--skip 2"),
        (b'{"sensor_id": "f1"}\n', "--format json"),
        ("sensor_id,temperature\nf1,1\n".encode("utf-16-le"), "--encoding utf-16-le"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "save it as CSV"),
        (b"PK\x03\x04....", "zip"),
    ],
    ids=["preamble", "json", "utf-16", "excel", "zip"],
)
def test_what_a_file_is_instead_is_recognised_and_the_option_named(
    tmp_path: Path, data: bytes, fix: str
) -> None:
    (tmp_path / "r.csv").write_bytes(data)
    error = outcome(tmp_path / "r.csv").error
    assert error is not None
    assert fix in error.fix


@pytest.mark.parametrize(
    ("where", "keys"),
    [
        ("temperature > -15", ["b"]),
        ("sensor_id != 'b' && temperature < 0", ["a"]),
        ("site == 'lab'", ["a", "c"]),
        ("site.startsWith('l') || sensor_id == 'b'", ["a", "b", "c"]),
    ],
)
@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_condition_says_which_rows_are_readings(
    tmp_path: Path, form: str, where: str, keys: list[str]
) -> None:
    rows = [("a", "-18.5", "lab"), ("b", "-10", "roof"), ("c", "", "lab"), ("d", "x", "roof")]
    lines = ["sensor_id,temperature,site", *map(",".join, rows)]
    if form == "json":
        lines = [f'{{"sensor_id":"{a}","temperature":"{b}","site":"{c}"}}' for a, b, c in rows]
    (tmp_path / "r").write_text("\n".join(lines) + "\n")
    options = MappingOptions(where=where, none=("",), form=form).over(Profile(), version_3())
    found = outcome(tmp_path / "r", options)
    # A row that holds no temperature is none, whatever the condition says of it.
    assert [each.sensor_id for each in found.events] == [each for each in keys if each != "c"]
    assert found.rows.astray == 0
    assert [each.place.line for each in found.rejected] in ([], [4 if form == "json" else 5])


def test_a_name_in_a_condition_that_is_no_column_is_refused_before_the_first_row() -> None:
    error = taken("empty-time.csv", where="temprature > 1").error
    assert error is not None
    assert "neither such a field nor a column" in error.why


def test_keys_of_json_may_be_sensors_as_columns_may(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text('{"recorded_at": "2026-10-01T08:00:00Z", "a": -1, "b": ""}\n')
    options = MappingOptions(wide="sensor_id=temperature", none=("",)).over(Profile(), version_3())
    assert outcome(tmp_path / "r.jsonl", options).short == [("a", -1.0, EIGHT)]
