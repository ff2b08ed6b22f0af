"""The client's side: frames of Pusher's and other servers as values, pings, and realtime URLs."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.pusher import client, frames
from contract.pusher.app import PusherAddress, PusherApp, parse_realtime_url
from contract.pusher.errors import MalformedFrameError


def frame(event: str, **more: object) -> str:
    return json.dumps({"event": event, **more})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (frames.established_frame("1.2", 30), client.Established("1.2", 30.0)),
        (frame("pusher:connection_established", data={"socket_id": "1.2"}), client.Established("1.2", 120.0)),
        (frames.subscription_succeeded_frame("a"), client.SubscriptionSucceeded("a", "{}")),
        (frames.subscription_error_frame("a", 401, "no"), client.SubscriptionError("a", 401, "no")),
        (
            frame("pusher:subscription_error", channel="a", data={"type": "AuthError", "status": "x"}),
            client.SubscriptionError("a", None, ""),
        ),
        (frames.encode_event("a", "e", '{"x": 1}'), client.Event("a", "e", '{"x": 1}')),
        (frame("e", channel="a", data={"x": "é"}), client.Event("a", "e", '{"x":"é"}')),
        (frame("e", channel="a", data="plain text"), client.Event("a", "e", "plain text")),
        (frame("e"), client.Event(None, "e", "{}")),
        (frame("pusher:ping"), client.Ping()),
        (frame("pusher:pong", data={}), client.Pong()),
        (frame("pusher:error", data={"code": 4009, "message": "m"}), client.ErrorFrame(4009, "m")),
        (frame("pusher:error", data='{"code":null,"message":"m"}'), client.ErrorFrame(None, "m")),
    ],
)
def test_server_frames_as_values(text: str, value: client.ServerFrame) -> None:
    assert client.parse_server_frame(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "[]",
        frame("pusher:connection_established", data="{}"),
        frame("pusher:connection_established", data={"socket_id": "1.2", "activity_timeout": 0}),
        frame("pusher:connection_established", data={"socket_id": "1.2", "activity_timeout": True}),
        frame("pusher_internal:subscription_succeeded", data="{}"),
        frame("pusher:error", data="text"),
        frame("e", channel=1),
    ],
)
def test_malformed_server_frames(text: str) -> None:
    with pytest.raises(MalformedFrameError):
        client.parse_server_frame(text)


@given(st.text(st.characters()), st.sampled_from(["data", "channel"]), st.integers() | st.text() | st.none())
def test_any_text_parses_or_is_malformed(text: str, key: str, value: object) -> None:
    for candidate in (text, json.dumps({"event": text, key: value})):
        try:
            client.parse_server_frame(candidate)
        except MalformedFrameError:
            continue


def test_what_the_client_builds_the_server_reads() -> None:
    assert frames.parse_client_frame(
        client.subscribe_frame("private-a", "k:s", "{}")
    ) == frames.SubscribeFrame("private-a", "k:s", "{}")
    assert frames.parse_client_frame(client.subscribe_frame("a")) == frames.SubscribeFrame("a", None, None)
    assert frames.parse_client_frame(client.unsubscribe_frame("a")) == frames.UnsubscribeFrame("a")
    assert (
        client.connect_path("k/y", version="1.0")
        == "/app/k%2Fy?protocol=7&client=staycheck&version=1.0&flash=false"
    )


def test_a_subscriber_answers_pings_and_takes_the_smaller_timeout() -> None:
    subject = client.Subscriber(0.0, activity_timeout=120)
    assert subject.feed(frames.established_frame("1.2", 20), 1.0) == (client.Established("1.2", 20.0), None)
    assert subject.socket_id == "1.2"
    assert subject.deadline == 21.0
    value, reply = subject.feed(frames.ping_frame(), 2.0)
    assert value == client.Ping()
    assert frames.parse_client_frame(str(reply)) == frames.PongFrame()


def test_a_subscriber_notices_a_server_that_is_gone() -> None:
    subject = client.Subscriber(0.0, activity_timeout=120, pong_timeout=30)
    assert subject.tick(119.0) is None
    assert frames.parse_client_frame(str(subject.tick(120.0))) == frames.PingFrame()
    assert subject.tick(149.0) is None
    assert not subject.lost
    assert subject.tick(150.0) is None
    assert subject.lost


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("pusher://k:s@localhost:8787/apps/1001", ("1001", "k", "s", "localhost", 8787, False)),
        ("pushers://k:s@api-eu.pusher.com/apps/7", ("7", "k", "s", "api-eu.pusher.com", 443, True)),
        ("pusher://k:p%40ss%2F@[::1]/apps/7/", ("7", "k", "p@ss/", "::1", 80, False)),
    ],
)
def test_realtime_urls(url: str, address: tuple[str, str, str, str, int, bool]) -> None:
    app_id, key, secret, host, port, tls = address
    assert parse_realtime_url(url) == PusherAddress(PusherApp(app_id, key, secret), host, port, tls)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("", "neither pusher://"),
        ("http://k:hush@h/apps/1", "neither pusher://"),
        ("pusher://h/apps/1", "no key"),
        ("pusher://k@h/apps/1", "no secret"),
        ("pusher://:hush@h/apps/1", "no key"),
        ("pusher://k:hush@/apps/1", "no host"),
        ("pusher://k:hush@h:0/apps/1", "port 0"),
        ("pusher://k:hush@h:99999/apps/1", "invalid host or port"),
        ("pusher://k:hush@h:x/apps/1", "invalid host or port"),
        ("pusher://k:hush@[h/apps/1", "invalid host or port"),
        ("pusher://k:hush@h/apps/one", "does not end in /apps/"),
        ("pusher://k:hush@h", "does not end in /apps/"),
        ("pusher://k:hush@h/apps/1?x=1", "query"),
    ],
)
def test_a_wrong_realtime_url_says_what_is_wrong_and_hides_the_secret(url: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as caught:
        parse_realtime_url(url)
    assert "hush" not in str(caught.value)
    assert "hush" not in repr(caught.value.__cause__)


@given(st.text(st.characters()))
def test_any_realtime_url_parses_or_is_a_value_error(text: str) -> None:
    for url in (text, f"pusher://{text}", f"pusher://k:s@{text}/apps/1"):
        with contextlib.suppress(ValueError):
            parse_realtime_url(url)


def test_the_secret_is_not_in_the_representation() -> None:
    assert "hush" not in repr(parse_realtime_url("pusher://k:hush@h/apps/1"))
