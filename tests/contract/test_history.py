"""History lines: what is written is read back, equal lines have equal bytes, and what is broken says why."""

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.history import (
    ABSENT,
    SCHEMA,
    BrokenLine,
    Call,
    EventLine,
    Header,
    Mark,
    ProbeLine,
    Reply,
    read_history,
    read_line,
    write_line,
)
from contract.schema_store import schema_store
from tests.contract.instances import RANDOMS, make

WALL = "2026-01-16T15:00:00Z"
KINDS = ["header", "mark", "call", "reply", "event", "probe"]


@settings(max_examples=150, deadline=None)
@given(kind=st.sampled_from(KINDS), random=RANDOMS)
def test_what_is_written_is_read_back(kind: str, random: Random) -> None:
    raw = make(f"{SCHEMA}#/$defs/{kind}", random)
    line = read_line(json.dumps(raw))
    text = write_line(line)
    assert read_line(text) == line
    assert write_line(read_line(text)) == text
    assert schema_store().problems(SCHEMA, json.loads(text)) == []
    kept = {key: value for key, value in raw.items() if value is not None or key != "content_type"}
    assert json.loads(text) == kept


@given(RANDOMS)
def test_equal_lines_have_equal_bytes(random: Random) -> None:
    raw = make(f"{SCHEMA}#/$defs/call", random)
    turned = dict(reversed(list(raw.items())))
    turned["params"] = dict(reversed(list(raw["params"].items())))
    assert write_line(read_line(json.dumps(raw))) == write_line(read_line(json.dumps(turned)))


def test_a_line_reads_like_the_schema_says() -> None:
    call = Call(
        seq=3, t=1, wall=WALL, call="c1", operation="checkIn", actor="manager", params={"b": 1, "a": "Zoë"}
    )
    assert write_line(call) == (
        '{"seq":3,"kind":"call","t":1.0,"wall":"2026-01-16T15:00:00Z","call":"c1","operation":"checkIn",'
        '"actor":"manager","params":{"a":"Zo\\u00eb","b":1}}'
    )


def test_whole_numbers_are_read_as_one_type() -> None:
    text = '{"seq":1.0,"kind":"mark","t":2,"wall":"2026-01-16T15:00:00Z","mark":"note"}'
    assert write_line(read_line(text)).startswith('{"seq":1,"kind":"mark","t":2.0,')


def test_a_null_body_is_not_an_absent_one() -> None:
    null = Reply(seq=1, t=0.0, wall=WALL, call="c1", outcome="replied", status=200, body=None)
    absent = Reply(seq=1, t=0.0, wall=WALL, call="c1", outcome="replied", status=200)
    assert read_line(write_line(null)) == null
    assert read_line(write_line(absent)) == absent
    assert '"body":null' in write_line(null)
    assert absent.body is ABSENT
    assert not absent.body


def test_every_kind_has_its_class() -> None:
    lines = [
        Header(
            seq=0,
            t=0.0,
            wall=WALL,
            contract="1.0.0",
            run="r1",
            seed=7,
            target={"name": "x", "url": "http://x"},
            dialect=None,
            capabilities={"observers": [], "channels": {}, "probes": [], "states": [], "actors": []},
        ),
        Mark(seq=1, t=0.0, wall=WALL, mark="arranged", bindings={"booking_id": "B"}),
        EventLine(
            seq=2, t=0.0, wall=WALL, observer="sink", channel="h.rooms", name="room_updated", data=None
        ),
        ProbeLine(
            seq=3, t=0.2, wall=WALL, probe="room", subject={}, when="event", event=2, begun=0.1, state=[]
        ),
    ]
    assert list(read_history(write_line(line) + "\n" for line in lines)) == lines
    assert '"dialect":null' in write_line(lines[0])
    assert '"data":null' in write_line(lines[2])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "this is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)."),
        ("[1]", "a line is an object whose kind is one of header, mark, call, reply, event, probe."),
        ('{"kind":["call"]}', "a line is an object whose kind is one of header, mark, call, reply, event, probe."),
        ('{"kind":"mark","mark":NaN}', "this is not JSON: NaN is no JSON number."),
        ('{"kind":"mark","t":1e999}', "this is not JSON: 1e999 is too large a number."),
        ('{"kind":"mark","seq":0,"t":0,"wall":"2026-01-16","mark":"note"}',
         'this is no mark line: wall is "2026-01-16", which is no ISO 8601 timestamp with seconds and an offset.'),
        ('{"kind":"mark","seq":0,"t":0}', "this is no mark line: mark is missing, and 1 more."),
        ("[" * 100_000, "the JSON is nested too deeply."),
    ],
)  # fmt: skip
def test_a_broken_line_says_what_is_wrong_in_a_sentence(text: str, reason: str) -> None:
    with pytest.raises(BrokenLine) as caught:
        read_line(text, 12)
    assert caught.value.lineno == 12
    assert caught.value.reason.startswith(reason)
    assert str(caught.value).startswith("line 12: ")


def test_reading_goes_on_after_a_broken_line_and_streams() -> None:
    good = write_line(Mark(seq=0, t=0.0, wall=WALL, mark="note", text="a"))
    pulled = 0

    def lines() -> Any:
        nonlocal pulled
        for text in (good, "\n", "oops", good):
            pulled += 1
            yield text

    history = read_history(lines())
    assert next(history) == read_line(good)
    assert pulled == 1
    broken = next(history)
    assert isinstance(broken, BrokenLine)
    assert broken.lineno == 3
    assert list(history) == [read_line(good)]


def test_what_json_cannot_say_is_not_written() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_line(Mark(seq=0, t=0.0, wall=WALL, mark="note", params={"x": float("nan")}))


def test_any_text_of_a_backend_can_be_kept() -> None:
    odd = "\ud800 \u2028 \x85 \x00 \n é 😀"
    line = EventLine(seq=0, t=0.0, wall=WALL, observer="file", channel="c", name="n", data=odd)
    text = write_line(line)
    assert text.isascii()
    assert text.splitlines() == [text]
    assert read_line(text) == line
