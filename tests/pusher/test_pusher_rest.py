"""REST bodies: every limit at its edge, and nothing but declared errors for whatever arrives."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.pusher.errors import RestBadRequestError, RestError, RestTooLargeError
from contract.pusher.rest import (
    Trigger,
    batch_events_reply,
    events_reply,
    parse_batch_events,
    parse_events,
)


def events(**fields: Any) -> tuple[Trigger, ...]:
    body = {"name": "n", "data": "{}", "channels": ["a"]} | fields
    return parse_events(json.dumps({key: value for key, value in body.items() if value is not ...}).encode())


def batch(*items: Any) -> tuple[Trigger, ...]:
    return parse_batch_events(json.dumps({"batch": items}).encode())


ITEM = {"name": "n", "data": "{}", "channel": "a"}


def test_one_event_for_many_channels() -> None:
    assert events(channels=["b", "a"], socket_id="1.2") == (Trigger("n", "{}", ("b", "a"), "1.2"),)


def test_channel_may_stand_for_channels() -> None:
    assert events(channels=..., channel="b") == (Trigger("n", "{}", ("b",), None),)


def test_a_batch_keeps_its_order() -> None:
    triggers = batch(ITEM | {"data": "1"}, ITEM | {"data": "2", "socket_id": "1.2"})
    assert triggers == (Trigger("n", "1", ("a",), None), Trigger("n", "2", ("a",), "1.2"))


def test_limits_are_inclusive() -> None:
    assert events(data="é" * 5120)[0].data == "é" * 5120
    assert len(events(channels=[f"c{n}" for n in range(100)])[0].channels) == 100
    assert events(name="n" * 200, channels=["c" * 200])
    assert len(batch(*[ITEM] * 10)) == 10
    assert batch() == ()


def test_data_over_10_kb_in_utf8_is_413() -> None:
    for data in ("x" * 10_241, "é" * 5121):
        with pytest.raises(RestTooLargeError, match="10240"):
            events(data=data)
        with pytest.raises(RestTooLargeError):
            batch(ITEM, ITEM | {"data": data})


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ...},
        {"name": ""},
        {"name": "n" * 201},
        {"name": 1},
        {"data": ...},
        {"data": {"an": "object"}},
        {"data": None},
        {"channels": ...},
        {"channels": []},
        {"channels": "a"},
        {"channels": ["a", 1]},
        {"channels": ["a b"]},
        {"channels": ["c" * 201]},
        {"channels": [f"c{n}" for n in range(101)]},
        {"channel": "a"},
        {"socket_id": "1"},
        {"socket_id": "1.2\n"},
        {"socket_id": 1.2},
        {"info": "user_count"},
        {"info": ["subscription_count"]},
    ],
)
def test_a_wrong_event_is_400(fields: dict[str, Any]) -> None:
    with pytest.raises(RestBadRequestError):
        events(**fields)


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"[]", b"null", b"{", b"[" * 20_000, b'{"batch":{}}', b'{"batch":[1]}']
)
def test_a_body_that_is_no_request_is_400(body: bytes) -> None:
    for parse in (parse_events, parse_batch_events):
        with pytest.raises(RestBadRequestError):
            parse(body)


def test_a_batch_of_eleven_is_400() -> None:
    with pytest.raises(RestBadRequestError, match="at most 10"):
        batch(*[ITEM] * 11)


def test_replies_are_empty_unless_info_was_asked_for() -> None:
    count = {"a": 2, "b": 0}

    def attributes(channel: str) -> dict[str, int | bool]:
        return {"subscription_count": count[channel]}

    assert events_reply(events(), attributes) == {}
    assert events_reply(events(channels=["a", "b"], info="subscription_count"), attributes) == {
        "channels": {"a": {"subscription_count": 2}, "b": {"subscription_count": 0}}
    }
    assert batch_events_reply(batch(ITEM, ITEM), attributes) == {}
    assert batch_events_reply(batch(ITEM, ITEM | {"info": "subscription_count"}), attributes) == {
        "batch": [{}, {"subscription_count": 2}]
    }


values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
fields = st.fixed_dictionaries(
    {},
    optional={
        name: st.just("a") | values for name in ("name", "data", "channel", "channels", "socket_id", "info")
    },
)


@given(st.binary() | st.builds(lambda v: json.dumps(v).encode(), fields | values))
def test_any_body_parses_or_raises_a_rest_error(body: bytes) -> None:
    for parse in (parse_events, parse_batch_events):
        with contextlib.suppress(RestError):
            parse(body)


@given(st.builds(lambda items: json.dumps({"batch": items}).encode(), st.lists(fields, max_size=3)))
def test_any_batch_parses_or_raises_a_rest_error(body: bytes) -> None:
    with contextlib.suppress(RestError):
        parse_batch_events(body)
