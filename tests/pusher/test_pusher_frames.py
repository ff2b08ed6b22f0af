"""Frames, names and the connection's state machine: what each says, and that no input breaks them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.pusher import frames, names
from contract.pusher.app import PusherApp
from contract.pusher.channels import Channels
from contract.pusher.connection import Connection
from contract.pusher.errors import (
    CLOSE_ERRORS,
    FrameError,
    MalformedFrameError,
    OverCapacityError,
    Reconnect,
    close_reason,
    reconnect_after,
)
from contract.pusher.handshake import negotiate_protocol
from contract.pusher.outputs import Close, Deliver, Output, Report, Send
from contract.pusher.settings import AppSettings, AuthFailure
from contract.pusher.signatures import channel_auth
from contract.pusher.webhooks import Happening

APP = PusherApp("1", "k", "s")
SOCKET_ID = "12.34"


def connection(**settings: Any) -> Connection:
    wanted = AppSettings(**settings)
    return Connection(SOCKET_ID, APP, wanted, Channels(wanted), now=0.0)


def subscribe(channel: str, **data: Any) -> str:
    return json.dumps({"event": "pusher:subscribe", "data": {"channel": channel, **data}})


def only_frame(outputs: list[Output]) -> dict[str, Any]:
    (output,) = [output for output in outputs if not isinstance(output, Report)]
    assert isinstance(output, Send)
    frame: dict[str, Any] = json.loads(output.text)
    return frame


# Frames


def test_the_first_frame_carries_its_data_as_a_string() -> None:
    frame = only_frame(connection(activity_timeout=120).open())
    assert frame == {
        "event": "pusher:connection_established",
        "data": '{"socket_id":"12.34","activity_timeout":120}',
    }


def test_the_announced_activity_timeout_is_never_zero() -> None:
    frame = only_frame(connection(activity_timeout=0.05).open())
    assert json.loads(frame["data"])["activity_timeout"] == 1


def test_an_event_is_encoded_twice_and_keeps_its_data_text() -> None:
    data = '{"name": "Zoë 🛎", "n":1.0}'
    text = frames.encode_event("grand-demo.rooms", "room_updated", data)
    assert text.isascii()
    assert json.loads(text) == {"event": "room_updated", "channel": "grand-demo.rooms", "data": data}


def test_client_data_may_be_a_string_or_an_object() -> None:
    inner = {"channel": "a", "auth": ""}
    wanted = frames.SubscribeFrame("a", None, None)
    for data in (inner, json.dumps(inner)):
        assert frames.parse_client_frame(json.dumps({"event": "pusher:subscribe", "data": data})) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "[]",
        "null",
        "{}",
        '{"event":1}',
        '{"event":"pusher:subscribe"}',
        '{"event":"pusher:subscribe","data":"["}',
        '{"event":"pusher:subscribe","data":{}}',
        '{"event":"pusher:subscribe","data":{"channel":"a b"}}',
        '{"event":"pusher:subscribe","data":{"channel":"a\\n"}}',
        '{"event":"pusher:subscribe","data":{"channel":"a","auth":1}}',
        '{"event":"pusher:unsubscribe","data":{"channel":null}}',
        '{"event":"client-x","channel":7}',
        '{"event":"x","data":' + "9" * 5000 + "}",
        "[" * 20_000,
        '{"event":"' + "x" * frames.MAX_FRAME_CHARS + '"}',
    ],
)
def test_a_malformed_frame_is_an_error(text: str) -> None:
    with pytest.raises(MalformedFrameError):
        frames.parse_client_frame(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
KNOWN = ["pusher:subscribe", "pusher:unsubscribe", "pusher:ping", "pusher:pong", "pusher:signin", "client-x"]
frame_texts = st.text(st.characters()) | st.builds(
    json.dumps,
    st.fixed_dictionaries(
        {},
        optional={
            "event": st.sampled_from(KNOWN) | json_values,
            "channel": json_values,
            "data": json_values
            | st.builds(json.dumps, json_values)
            | st.fixed_dictionaries(
                {"channel": st.sampled_from(["a", "private-a", "presence-a", "cache-a"]) | json_values},
                optional={"auth": json_values, "channel_data": json_values},
            ),
        },
    ),
)


@given(frame_texts)
def test_any_text_parses_or_raises_a_frame_error(text: str) -> None:
    try:
        frames.parse_client_frame(text)
    except FrameError as error:
        json.loads(frames.error_frame(error))


@given(st.lists(frame_texts, max_size=6), st.sampled_from(AuthFailure))
def test_any_conversation_is_answered_in_ascii_grants_nothing_unsigned_and_closes_with_4009_at_most(
    texts: list[str], failure: AuthFailure
) -> None:
    subject = connection(auth_failure=failure)
    for now, text in enumerate(texts):
        for output in subject.feed(text, float(now)):
            match output:
                case Send(sent):
                    json.loads(sent.encode("ascii"))
                case Deliver(frame):
                    json.loads(frame)
                case Report(happening):
                    json.dumps(happening.as_json(), allow_nan=False)
                case Close(code):
                    assert failure is AuthFailure.CLOSE
                    assert code == 4009
    assert not any(names.channel_kind(channel).needs_auth for channel in subject.channels)


# Subscriptions


def test_a_subscription_is_acknowledged_and_starts() -> None:
    subject = connection()
    frame = only_frame(subject.feed(subscribe("grand-demo.rooms"), 1.0))
    assert frame == json.loads(frames.subscription_succeeded_frame("grand-demo.rooms"))
    assert subject.channels == {"grand-demo.rooms"}


@pytest.mark.parametrize("channel_data", [None, '{"user_id":"1"}'])
def test_a_signed_private_subscription_is_accepted(channel_data: str | None) -> None:
    auth = channel_auth(APP.key, APP.secret, SOCKET_ID, "private-a", channel_data)
    data = {"auth": auth} if channel_data is None else {"auth": auth, "channel_data": channel_data}
    subject = connection()
    subject.feed(subscribe("private-a", **data), 1.0)
    assert subject.channels == {"private-a"}


BAD_AUTHS = [
    None,
    "",
    "k:00",
    "é",
    "\ud800",
    channel_auth("k", "s", "99.99", "private-a"),
    channel_auth("k", "s", SOCKET_ID, "private-b"),
    channel_auth("k", "other", SOCKET_ID, "private-a"),
    channel_auth("other", "s", SOCKET_ID, "private-a"),
]


@pytest.mark.parametrize("auth", BAD_AUTHS)
def test_a_private_subscription_that_is_not_signed_gets_4009_and_the_connection_stays(
    auth: str | None,
) -> None:
    subject = connection()
    frame = only_frame(subject.feed(subscribe("private-a", auth=auth), 1.0))
    assert frame["event"] == "pusher:error"
    assert frame["data"]["code"] == 4009
    assert not subject.channels


def test_bad_auth_can_close_the_connection() -> None:
    (output,) = connection(auth_failure=AuthFailure.CLOSE).feed(subscribe("private-a"), 1.0)
    assert isinstance(output, Close)
    assert output.code == 4009


def test_bad_auth_can_be_a_subscription_error() -> None:
    frame = only_frame(
        connection(auth_failure=AuthFailure.SUBSCRIPTION_ERROR).feed(subscribe("private-a"), 1.0)
    )
    assert (frame["event"], frame["channel"]) == ("pusher:subscription_error", "private-a")
    assert json.loads(frame["data"])["status"] == 401


def test_subscribing_twice_and_unsubscribing_never_subscribed_are_errors() -> None:
    subject = connection()
    subject.feed(subscribe("a"), 1.0)
    assert only_frame(subject.feed(subscribe("a"), 1.0))["event"] == "pusher:error"
    leave = '{"event":"pusher:unsubscribe","data":{"channel":"a"}}'
    assert subject.feed(leave, 1.0) == [Report(Happening("channel_vacated", "a"))]
    assert not subject.channels
    assert only_frame(subject.feed(leave, 1.0))["event"] == "pusher:error"


@pytest.mark.parametrize(
    "text", ['{"event":"client-x","channel":"a","data":"{}"}', '{"event":"pusher:signin","data":{}}']
)
def test_events_that_are_not_offered_are_errors(text: str) -> None:
    assert only_frame(connection().feed(text, 1.0))["data"]["code"] is None


# Time


def test_a_ping_is_answered() -> None:
    assert only_frame(connection().feed('{"event":"pusher:ping","data":{}}', 1.0))["event"] == "pusher:pong"


def test_silence_is_pinged_then_closed_with_4201() -> None:
    subject = connection(activity_timeout=120, pong_timeout=30)
    assert subject.tick(119.9) == []
    assert only_frame(subject.tick(120.0))["event"] == "pusher:ping"
    assert subject.deadline == 150.0
    assert subject.tick(149.9) == []
    (close,) = subject.tick(150.0)
    assert isinstance(close, Close)
    assert close.code == 4201


def test_anything_heard_after_a_ping_counts_as_its_answer() -> None:
    by_frame, by_websocket = connection(), connection()
    for subject in (by_frame, by_websocket):
        subject.tick(120.0)
    by_frame.feed('{"event":"pusher:pong"}', 130.0)
    by_websocket.heard(130.0)
    assert by_frame.deadline == by_websocket.deadline == 250.0


# Handshake, errors, names


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({}, 4008),
        ({"protocol": ""}, 4008),
        ({"protocol": "4"}, 4007),
        ({"protocol": "8"}, 4007),
        ({"protocol": "x"}, 4007),
        ({"protocol": "٧"}, 4007),
        ({"protocol": "7", "version": "x y"}, 4006),
    ],
)
def test_a_handshake_is_refused_with_its_code(query: dict[str, str], code: int) -> None:
    with pytest.raises(CLOSE_ERRORS[code]):
        negotiate_protocol(query)


@pytest.mark.parametrize("protocol", [5, 6, 7])
def test_supported_protocols(protocol: int) -> None:
    assert negotiate_protocol({"protocol": str(protocol), "version": "8.6.0"}) == protocol


def test_close_codes_are_those_of_the_protocol_page() -> None:
    page = [4000, 4001, *range(4003, 4010), 4100, 4200, 4201, 4202, 4301]
    assert sorted(CLOSE_ERRORS) == page


@pytest.mark.parametrize(
    ("code", "then"),
    [
        (1006, Reconnect.BACKOFF), (4000, Reconnect.NEVER), (4009, Reconnect.NEVER), (4099, Reconnect.NEVER),
        (4100, Reconnect.BACKOFF), (4199, Reconnect.BACKOFF), (4200, Reconnect.NOW), (4299, Reconnect.NOW),
        (4300, Reconnect.NEVER), (4301, Reconnect.NEVER),
    ],
)  # fmt: skip
def test_what_a_client_does_after_a_close_code_is_what_pusher_js_does(code: int, then: Reconnect) -> None:
    assert reconnect_after(code) is then


def test_a_close_reason_fits_a_control_frame() -> None:
    reason = close_reason(OverCapacityError("é" * 200))
    assert reason == "é" * 61


@pytest.mark.parametrize(
    ("channel", "kind"),
    [
        ("grand-demo.rooms", names.ChannelKind.PUBLIC),
        ("staff-hotel-1", names.ChannelKind.PUBLIC),
        ("private-guest-booking.BK-2026-0001", names.ChannelKind.PRIVATE),
        ("presence-a", names.ChannelKind.PRESENCE),
        ("private-encrypted-a", names.ChannelKind.PRIVATE_ENCRYPTED),
        ("private-encrypted-cache-a", names.ChannelKind.PRIVATE_ENCRYPTED_CACHE),
        ("private-cache-a", names.ChannelKind.PRIVATE_CACHE),
        ("presence-cache-a", names.ChannelKind.PRESENCE_CACHE),
        ("cache-a", names.ChannelKind.CACHE),
        ("private", names.ChannelKind.PUBLIC),
    ],
)
def test_the_longest_prefix_gives_the_kind(channel: str, kind: names.ChannelKind) -> None:
    assert names.channel_kind(channel) is kind


@pytest.mark.parametrize("name", ["", "a b", "a/b", "a\n", "é", "#server-to-user-1", "x" * 201, None, 1])
def test_invalid_channel_names(name: object) -> None:
    assert names.channel_name_problem(name) is not None


@given(st.text(st.characters()))
def test_any_text_is_judged_as_a_name_and_measured(text: str) -> None:
    names.channel_name_problem(text)
    names.event_name_problem(text)
    names.is_socket_id(text)
    assert len(text) <= names.data_size(text) <= 4 * len(text)
