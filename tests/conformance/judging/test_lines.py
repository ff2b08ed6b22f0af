"""Lines of any file: what is read, what is told of what is not, and that nothing is fatal or without bound."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from conformance_tests.engine import NotAHistory, judge_lines
from conformance_tests.lines import Found, read_lines
from contract.history import BrokenLine
from tests.histories import good

MARK = b'{"seq":%d,"kind":"mark","t":0.1,"wall":"2026-11-22T15:04:05Z","mark":"note","text":"%s"}\n'


def read(*texts: bytes, longest: int = 1000) -> list[Found | BrokenLine]:
    return list(read_lines(io.BytesIO(b"".join(texts)), longest))


def told(text: bytes) -> str:
    """What is said of a line that stands between two good ones."""
    first, broken, last = read(MARK % (1, b"a"), text, MARK % (2, b"b"))
    assert isinstance(first, Found)
    assert isinstance(last, Found)
    assert isinstance(broken, BrokenLine)
    assert broken.lineno == 2
    return broken.reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b'{"level":"info","msg":"started"}\n', "an object whose kind is one of"),
        (b'[1, 2]\n', "an object whose kind is one of"),
        (b"started\n", "not JSON"),
        (b'2026-11-22 15:04:05 INFO {"channel":"a"}\n', "text before its JSON"),
        (b'{"a": "\xff"}\n', "not UTF-8: byte 0xff at 7"),
        (b'{"seq": NaN}\n', "NaN is no JSON number"),
        (b'{"seq": 7, "kind": "event"}\n', "is missing"),
        (b"[" * 900 + b"\n", "not JSON"),
        (b'{"a":"' + b"x" * 2000 + b'"}\n', "2009 bytes, more than the 1000"),
        (MARK % (1, b"again"), "its seq is 1, and that of the line before it 1"),
        (b'{"channel":"a","name":"b","data":{}}\n', "an object whose kind is one of"),
    ],
)  # fmt: skip
def test_a_foreign_line_is_told_with_its_number_and_passed_over(text: bytes, reason: str) -> None:
    assert reason in told(text)


def test_deep_nesting_is_told_and_does_not_break_the_reader() -> None:
    (found,) = read(b"[" * 100_000 + b"]" * 100_000, longest=1 << 20)
    assert isinstance(found, BrokenLine)


def test_empty_lines_and_a_byte_order_mark_are_nothing() -> None:
    found = read(b"\xef\xbb\xbf" + MARK % (1, b"a"), b"\n", b"  \r\n", MARK % (2, b"b"))
    assert [line.lineno for line in found if isinstance(line, Found)] == [1, 4]
    assert len(found) == 2


def test_every_line_stands_where_it_is_said_to_stand() -> None:
    text = b"\xef\xbb\xbf" + MARK % (1, b"a") + b"rubbish\n" + b"x" * 3000 + b"\n" + MARK % (2, "ä".encode())
    places = [line for line in read(text) if isinstance(line, Found)]
    assert [json.loads(text[at.offset : at.offset + at.size])["seq"] for at in places] == [1, 2]


def test_a_file_that_ends_in_a_line_says_so() -> None:
    *_, last = read(MARK % (1, b"a"), (MARK % (2, b"b"))[:40])
    assert last == BrokenLine(2, "the file ends in the middle of it.")


def test_half_a_surrogate_pair_and_large_numbers_are_read_as_they_are() -> None:
    (found,) = read(MARK % (1, b"\\ud800 and \\u00e9"))
    assert isinstance(found, Found)
    assert found.value["text"] == "\ud800 and é"
    huge = MARK.replace(b'"text":"%s"', b'"bindings":{"n":%d}') % (1, 2**70)
    (found,) = read(huge)
    assert isinstance(found, Found)
    assert found.value["bindings"] == {"n": 2**70}


def exported(tape_lines: list[dict[str, Any]], *, as_text: bool) -> list[str]:
    """The events as a log has them: no history lines."""
    return [
        json.dumps(
            {"channel": line["channel"], "event" if as_text else "name": line["name"],
             "data": json.dumps(line["data"]) if as_text else line["data"]}
        )
        for line in tape_lines if line["kind"] == "event"
    ]  # fmt: skip


@pytest.mark.parametrize("as_text", [True, False], ids=["data-as-text", "data-as-object"])
def test_a_log_of_events_is_judged_and_says_what_it_cannot_judge(as_text: bool) -> None:
    lines = [json.loads(line) for line in good.stay().text()]
    report = judge_lines(exported(lines, as_text=as_text))
    rules = {rule["id"]: rule for rule in report["rules"]}
    assert report["verdict"] == "pass"
    assert report["history"]["calls"] == 0
    assert rules["events/schema/room-updated"]["verdict"] == "pass"
    assert rules["order/transition-chain"]["verdict"] == "pass"
    skipped = rules["check-in/room/status"]
    assert skipped["verdict"] == "skipped"
    assert "log of events without calls" in skipped["reasons"][0]


def test_a_lie_in_a_log_of_events_is_found_at_its_line() -> None:
    lines = [json.loads(line) for line in good.stay().text()]
    events = [line for line in lines if line["kind"] == "event"]
    spoiled = next(at for at, line in enumerate(events) if line["channel"].endswith(".rooms"))
    del events[spoiled]["data"]["payload"]["guests_in_room"]
    report = judge_lines(exported(lines, as_text=True))
    failed = next(rule for rule in report["rules"] if rule["id"] == "events/payload/guests-in-room")
    assert [witness["seq"] for witness in failed["violations"][0]["witness"]] == [spoiled + 1]
    assert report["verdict"] == "fail"


def test_a_raw_token_of_a_log_does_not_reach_the_report() -> None:
    secret = "s3cr3t-" * 6
    lines = [json.loads(line) for line in good.stay().text()]
    for line in lines:
        if line["kind"] == "event" and "guest_token" in line["data"]["payload"]:
            line["data"]["payload"]["guest_token"] = secret
            line["data"]["payload"]["hotel"] = f"call us, token={secret}"
    text = json.dumps(judge_lines(exported(lines, as_text=False)))
    assert "guest-booking" in text
    assert secret not in text


def test_a_log_with_foreign_lines_is_counted_and_does_not_pass() -> None:
    lines = exported([json.loads(line) for line in good.stay().text()], as_text=False)
    report = judge_lines([lines[0], '{"level": "info"}', *lines[1:]])
    assert report["history"]["unreadable"] == 1
    assert "it is no event" in report["history"]["broken"][0]["reason"]
    assert report["verdict"] == "inconclusive"


def test_nothing_readable_is_no_history() -> None:
    with pytest.raises(NotAHistory):
        judge_lines(["", "rubbish", "{}"])
