"""The schema store: the fast answer and the explanation agree, and the explanation says what to do."""

from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from contract import schema_files
from contract.formats import UNASSERTED, is_date, is_timestamp, python_pattern
from contract.schema_files import BASE_URI, document, schema_paths
from contract.schema_store import SchemaStore, SchemaViolation, UnknownSchemaError, schema_store
from tests.contract.instances import RANDOMS, make, spoil

ROOM = "resources/room.schema.json"
SOME = [
    ROOM,
    "resources/booking_detail.schema.json",
    "resources/guest_booking.schema.json",
    "resources/error.schema.json",
    "events/staff_booking_checked_in.schema.json",
    "events/guest_booking_checked_out.schema.json",
    "events/room_updated.schema.json",
    "files/history_line.schema.json#/$defs/call",
    "files/history_line.schema.json",
    "files/states_reply.schema.json",
    "files/dialect.schema.json",
    "files/target.schema.json",
    "probes.yaml#/probes/tokens/state",
    "common.schema.json#/$defs/timestamp",
]
QUICK = settings(max_examples=40, deadline=None)


@QUICK
@given(random=RANDOMS, ref=st.sampled_from(SOME))
def test_what_a_schema_describes_is_valid_on_both_paths(ref: str, random: Random) -> None:
    instance = make(ref, random)
    assert schema_store().problems(ref, instance) == []
    assert schema_store().valid(ref, instance)


@settings(QUICK, max_examples=300)
@given(random=RANDOMS, ref=st.sampled_from(SOME))
def test_both_paths_agree_on_whatever_is_wrong(ref: str, random: Random) -> None:
    instance = spoil(make(ref, random), random)
    assert schema_store().valid(ref, instance) == (schema_store().problems(ref, instance) == [])


@pytest.mark.parametrize("path", schema_paths())
def test_every_schema_says_its_own_name_and_compiles(path: str) -> None:
    schema = document(path)
    assert schema["$id"] == BASE_URI + path
    schema_store().valid(path, None)


@pytest.mark.parametrize("name", [*UNASSERTED, "password", "unheard-of"])
def test_every_other_format_only_describes_on_both_paths(name: str) -> None:
    ref = schema_store().inline({"type": "string", "format": name})
    assert schema_store().valid(ref, "\x00 %")
    assert schema_store().problems(ref, "\x00 %") == []


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("2026-01-16T15:00:00Z", True),
        ("2026-01-16T15:00:00.123456+01:00", True),
        ("2028-02-29T00:00:00-12:00", True),
        ("2026-02-29T00:00:00Z", False),
        ("2026-01-16T15:00:00", False),
        ("2026-01-16T15:00Z", False),
        ("2026-01-16 15:00:00Z", False),
        ("2026-01-16T24:00:00Z", False),
        ("2026-01-16T15:00:60Z", False),
        ("2026-01-16T15:00:00+24:00", False),
        ("2026-01-16T15:00:00+01:99", False),
        ("0000-01-16T15:00:00Z", False),
        ("2026-01-16T15:00:00Z\n", False),
        ("２026-01-16T15:00:00Z", False),
        ("", False),
    ],
)
def test_a_timestamp_is_a_real_moment_with_seconds_and_an_offset(text: str, holds: bool) -> None:
    ref = "common.schema.json#/$defs/timestamp"
    assert is_timestamp(text) is holds
    assert schema_store().valid(ref, text) is holds
    assert (schema_store().problems(ref, text) == []) is holds


def test_a_date_is_a_real_day() -> None:
    assert is_date("2026-02-28")
    assert not any(map(is_date, ["2026-02-29", "20260228", "2026-W09-6", "2026-02-28\n", "2026-2-8"]))


def test_patterns_mean_the_same_in_python() -> None:
    assert python_pattern(r"^\d+$").search("12")
    assert not python_pattern(r"^\d+$").search("12\n")
    assert not python_pattern(r"^\d+$").search("١٢")
    assert python_pattern(r"^[\w$]+\$$").search("a$b$")
    assert python_pattern(r"^\D\W\S$").search("a-x")
    with pytest.raises(ValueError, match="inside brackets"):
        python_pattern(r"[\S]")


@pytest.mark.parametrize("escape", ["d", "D", "w", "W", "s", "S", "."])
def test_character_classes_hold_the_same_characters_on_both_paths(escape: str) -> None:
    pattern = "^.$" if escape == "." else f"^\\{escape}$"
    ref = schema_store().inline({"pattern": pattern})
    ours = python_pattern(pattern)
    for point in (*range(0x3100), 0xFEFF, 0xFF11, 0x1D7D8):
        assert schema_store().valid(ref, chr(point)) == (ours.search(chr(point)) is not None), hex(point)


def messages(ref: str, instance: Any) -> list[str]:
    return [problem.message for problem in schema_store().problems(ref, instance)]


GUEST: dict[str, Any] = {"id": 1, "first_name": "Ann", "last_name": "Lee", "guest_type": "PRIMARY"}


def test_a_misnamed_field_is_named_with_the_right_one() -> None:
    spoilt = {**GUEST, "guesttype": "PRIMARY"}
    del spoilt["guest_type"]
    assert messages("resources/room_guest.schema.json", spoilt) == ["guest_type is missing; is it guesttype?"]


def test_a_field_too_many_in_a_closed_schema_is_named() -> None:
    instance = {"name": "x", "base_pth": "/api"}
    assert messages("files/dialect.schema.json", instance) == [
        "base_pth is not allowed here; did you mean base_path?"
    ]


def test_messages_name_the_place_and_what_stands_there() -> None:
    ref = "resources/room_guest.schema.json"
    assert messages(ref, {**GUEST, "id": True}) == ["id is a boolean, not an integer"]
    assert messages(ref, {**GUEST, "id": 0}) == ["id is 0, less than allowed (1)"]
    assert messages(ref, {**GUEST, "id": float("nan")}) == ["id is nan, which is not JSON, not an integer"]
    assert messages(ref, {**GUEST, "guest_type": "PRIMRY"}) == [
        'guest_type is "PRIMRY", not one of "PRIMARY", "COMPANION", "WALKIN"; did you mean PRIMARY?'
    ]
    assert messages("common.schema.json#/$defs/date", "2026-02-30") == [
        'the value is "2026-02-30", which is no calendar date YYYY-MM-DD'
    ]
    assert messages(ref, 5) == ["the value is the number 5, not an object"]


def test_of_alternatives_the_meant_one_is_explained() -> None:
    line = {"kind": "reply", "seq": 1, "t": 0.5, "wall": "2026-01-16T15:00:00Z", "call": "c1"}
    assert messages("files/history_line.schema.json", line) == ["outcome is missing"]
    ref = schema_store().inline({"anyOf": [{"$ref": "common.schema.json#/$defs/date"}, {"type": "null"}]})
    assert messages(ref, "2026-02-30") == ['the value is "2026-02-30", which is no calendar date YYYY-MM-DD']
    assert messages(ref, 5) == ["the value is the number 5 that fits none of the alternatives"]


def test_problems_nearest_to_the_root_come_first_and_carry_pointers() -> None:
    found = schema_store().problems("resources/error.schema.json", {"error": {"message": "", "x/y": 1}})
    assert [(p.pointer, p.keyword) for p in found] == [
        ("/error/code", "required"),
        ("/error/message", "minLength"),
        ("/error/x~1y", "additionalProperties"),
    ]
    assert found[1].schema_pointer == "/properties/error/properties/message/minLength"


def test_require_raises_a_refusal_that_lists_the_problems() -> None:
    with pytest.raises(SchemaViolation) as caught:
        schema_store().require(ROOM, {})
    assert caught.value.code == "INVALID_INPUT"
    assert len(caught.value.problems) == len(document(ROOM)["required"])
    schema_store().require("common.schema.json#/$defs/date", "2026-01-16")


def test_a_schema_from_elsewhere_resolves_against_the_file_it_stands_in() -> None:
    store = SchemaStore()
    ref = store.inline({"type": "array", "items": {"$ref": "room_guest.schema.json"}}, ROOM)
    assert store.valid(ref, [GUEST])
    assert not store.valid(ref, [{}])
    assert store.inline({"items": {"$ref": "room_guest.schema.json"}, "type": "array"}, ROOM) == ref
    late = store.inline({"$ref": "resources/room_guest.schema.json"}, "openapi.yaml")
    assert store.valid(late, GUEST)


@pytest.mark.parametrize(
    "ref", ["resources/rom.schema.json", "common.schema.json#/$defs/nothing", "resources"]
)
def test_an_unknown_schema_is_named(ref: str) -> None:
    with pytest.raises(UnknownSchemaError, match=ref.partition("#")[0]):
        schema_store().valid(ref, {})


def test_values_that_are_not_json_are_explained_and_not_valid() -> None:
    spoilt = {**GUEST, "first_name": {1, 2}}
    assert not schema_store().valid("resources/room_guest.schema.json", spoilt)
    assert messages("resources/room_guest.schema.json", spoilt) == ["first_name is a set, not a string"]


def test_yaml_is_read_as_json_people_mean_it() -> None:
    text = "{on: no, when: 2026-01-16, flag: true, 200: null, tilde: ~}"
    read = yaml.load(text, Loader=schema_files._Loader)
    assert read == {"on": "no", "when": "2026-01-16", "flag": True, "200": None, "tilde": None}


def test_a_problem_never_quotes_a_secret() -> None:
    """Law 6: what stands under a sensitive key is not repeated in the sentence about it."""
    wrong = {"username": "manager", "password": 1234567890}
    found = schema_store().problems("requests/staff_login.schema.json", wrong)
    assert [p.pointer for p in found] == ["/password"]
    assert "1234567890" not in found[0].message
