"""What the state machine says about members, users, client events, caches and limits, each at its edge."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.pusher.app import PusherApp
from contract.pusher.cache import EventCache
from contract.pusher.channels import Channels
from contract.pusher.connection import Connection
from contract.pusher.errors import FrameError
from contract.pusher.names import MAX_EVENT_DATA
from contract.pusher.outputs import Close, Deliver, Output, Report, Send
from contract.pusher.presence import MAX_MEMBER_DATA, parse_channel_data, parse_user_data
from contract.pusher.rate import Rate
from contract.pusher.settings import AppSettings, AuthFailure
from contract.pusher.signatures import channel_auth, user_auth

APP = PusherApp("1", "k", "s")
ADA = '{"user_id":"ada","user_info":{"name":"Ada"}}'


class Talk:
    """Connections of one app, by number; what one of them is answered comes back as frames."""

    def __init__(self, count: int = 1, **settings: Any) -> None:
        self.settings = AppSettings(**settings)
        self.channels = Channels(self.settings)
        self.connections = [
            Connection(f"1.{number}", APP, self.settings, self.channels, 0.0) for number in range(count)
        ]

    def feed(self, frame: dict[str, Any], number: int = 0, now: float = 1.0) -> list[Output]:
        return self.connections[number].feed(json.dumps(frame), now)

    def subscribe(self, channel: str, channel_data: str | None = None, number: int = 0) -> list[Output]:
        auth = channel_auth(APP.key, APP.secret, f"1.{number}", channel, channel_data)
        data = {"channel": channel, "auth": auth}
        if channel_data is not None:
            data["channel_data"] = channel_data
        return self.feed({"event": "pusher:subscribe", "data": data}, number)

    def sign_in(self, user_data: str, secret: str = APP.secret) -> list[Output]:
        auth = user_auth(APP.key, secret, "1.0", user_data)
        return self.feed({"event": "pusher:signin", "data": {"auth": auth, "user_data": user_data}})

    def say(self, channel: str, data: Any = "{}", event: str = "client-x", now: float = 1.0) -> list[Output]:
        return self.feed({"event": event, "channel": channel, "data": data}, now=now)


def frames_of(outputs: list[Output]) -> list[dict[str, Any]]:
    return [json.loads(one.text) for one in outputs if isinstance(one, Send)]


def refusal(outputs: list[Output]) -> tuple[Any, str]:
    """Code and message of the one `pusher:error` that is all of the answer."""
    (output,) = outputs
    assert isinstance(output, Send)
    frame = json.loads(output.text)
    assert frame["event"] == "pusher:error"
    return frame["data"]["code"], frame["data"]["message"]


# Presence


def test_the_roster_holds_the_joiner_and_a_number_is_the_same_user_as_its_text() -> None:
    talk = Talk(2)
    (frame,) = frames_of(talk.subscribe("presence-a", '{"user_id":10,"user_info":{"name":"Mr. Channels"}}'))
    roster = {"ids": ["10"], "hash": {"10": {"name": "Mr. Channels"}}, "count": 1}
    assert json.loads(frame["data"]) == {"presence": roster}
    outputs = talk.subscribe("presence-a", '{"user_id":"10"}', number=1)
    assert not [one for one in outputs if isinstance(one, Deliver)]
    assert json.loads(frames_of(outputs)[0]["data"]) == {"presence": roster}


@pytest.mark.parametrize(
    "channel_data",
    [
        None,
        "[]",
        "{}",
        "{",
        '{"user_id":""}',
        '{"user_id":null}',
        '{"user_id":true}',
        '{"user_id":1.5}',
        '{"user_id":"' + "x" * 129 + '"}',
        '{"user_id":"a","user_info":NaN}',
        '{"user_id":"a","user_info":"' + "x" * MAX_MEMBER_DATA + '"}',
    ],
)
def test_without_a_usable_member_nobody_joins(channel_data: str | None) -> None:
    talk = Talk()
    assert refusal(talk.subscribe("presence-a", channel_data))[0] is None
    assert talk.channels.occupied() == {}


def test_who_signed_in_joins_without_channel_data() -> None:
    talk = Talk()
    talk.sign_in('{"id":"ada","user_info":{"name":"Ada"}}')
    talk.subscribe("presence-a")
    (member,) = talk.channels.members("presence-a")
    assert (member.user_id, member.user_info) == ("ada", {"name": "Ada"})


@given(
    st.text(st.characters())
    | st.builds(
        json.dumps,
        st.dictionaries(
            st.sampled_from(["user_id", "id", "x"]),
            st.text() | st.integers() | st.none() | st.booleans() | st.floats(),
        ),
    )
)
def test_any_text_is_a_member_with_a_usable_id_or_a_frame_error(text: str) -> None:
    for parse in (parse_channel_data, parse_user_data):
        with contextlib.suppress(FrameError):
            assert 0 < len(parse(text).user_id) <= 128  # type: ignore[attr-defined]


# Client events


def test_a_client_event_reaches_the_others_with_the_authenticated_user() -> None:
    talk = Talk(2)
    talk.subscribe("presence-a", ADA)
    talk.subscribe("presence-a", '{"user_id":"bob"}', number=1)
    delivery, report = talk.say("presence-a", {"n": [1, "é"], "user_id": "mallory"})
    assert isinstance(delivery, Deliver)
    assert delivery.to == ("1.1",)
    frame = json.loads(delivery.frame)
    assert (frame["event"], frame["channel"], frame["user_id"]) == ("client-x", "presence-a", "ada")
    assert json.loads(frame["data"]) == {"n": [1, "é"], "user_id": "mallory"}
    assert isinstance(report, Report)
    assert report.happening.as_json() == {
        "name": "client_event",
        "channel": "presence-a",
        "event": "client-x",
        "data": frame["data"],
        "socket_id": "1.0",
        "user_id": "ada",
    }


def test_on_a_private_channel_the_sender_is_not_named() -> None:
    talk = Talk(2)
    for number in range(2):
        talk.subscribe("private-a", number=number)
    delivery, _ = talk.say("private-a")
    assert isinstance(delivery, Deliver)
    assert "user_id" not in json.loads(delivery.frame)


@pytest.mark.parametrize(
    ("channel", "event", "data", "word"),
    [
        ("a", "client-x", "{}", "private and presence"),
        ("private-encrypted-a", "client-x", "{}", "private and presence"),
        ("private-b", "client-x", "{}", "not subscribed"),
        ("private-a", "client-" + "x" * 200, "{}", "longer than 200"),
        ("private-a", "client-x", "x" * (MAX_EVENT_DATA + 1), "10240"),
        ("private-a", "client-x", {"a": "é" * 5120}, "10240"),
    ],
)
def test_a_client_event_that_may_not_be_is_told_why(channel: str, event: str, data: Any, word: str) -> None:
    talk = Talk()
    for name in ("a", "private-a", "private-encrypted-a"):
        talk.subscribe(name)
    code, message = refusal(talk.say(channel, data, event))
    assert code is None
    assert word in message


def test_an_app_may_have_no_client_events() -> None:
    talk = Talk(client_events=False)
    talk.subscribe("private-a")
    assert refusal(talk.say("private-a")) == (
        None,
        "To send client events, they must be enabled for this app",
    )


def test_the_eleventh_client_event_within_a_second_is_4301_and_refused_ones_do_not_count() -> None:
    talk = Talk()
    talk.subscribe("private-a")
    for at in range(10):
        assert all(isinstance(one, Report) for one in talk.say("private-a", now=1.0 + at / 10))
        assert refusal(talk.say("private-b", now=1.0 + at / 10))[0] is None
    assert refusal(talk.say("private-a", now=1.99))[0] == 4301
    assert all(isinstance(one, Report) for one in talk.say("private-a", now=2.0))
    assert refusal(talk.say("private-a", now=2.05))[0] == 4301


@given(st.lists(st.floats(0, 5), max_size=60), st.integers(1, 5))
def test_no_second_ever_holds_more_than_allowed(times: list[float], most: int) -> None:
    rate = Rate(most)
    allowed = [now for now in sorted(times) if rate.allow(now)]
    for start in allowed:
        assert sum(1 for one in allowed if start <= one and one - start < 1.0) <= most


# Sign-in


def test_a_sign_in_is_answered_with_its_user_data_as_an_object() -> None:
    assert frames_of(Talk().sign_in('{"id":"12345"}')) == [
        {"event": "pusher:signin_success", "data": {"user_data": '{"id":"12345"}'}}
    ]


@pytest.mark.parametrize(("failure", "closes"), [(f, f is AuthFailure.CLOSE) for f in AuthFailure])
def test_a_wrong_sign_in_is_4009(failure: AuthFailure, closes: bool) -> None:
    talk = Talk(auth_failure=failure)
    outputs = talk.sign_in('{"id":"12345"}', secret="other")
    if closes:
        (close,) = outputs
        assert isinstance(close, Close)
        assert close.code == 4009
    else:
        assert refusal(outputs)[0] == 4009
    assert talk.channels.connections_of_user("12345") == ()


@pytest.mark.parametrize("user_data", ["{}", "[]", "x", '{"id":""}', '{"id":null}'])
def test_a_signed_user_without_an_id_is_nobody(user_data: str) -> None:
    assert refusal(Talk().sign_in(user_data))[0] is None


def test_the_channel_of_a_user_is_for_that_user_alone() -> None:
    talk = Talk()
    mine = {"event": "pusher:subscribe", "data": {"channel": "#server-to-user-12345"}}
    assert refusal(talk.feed(mine))[0] == 4009
    talk.sign_in('{"id":"12345"}')
    assert frames_of(talk.feed(mine))[0]["event"] == "pusher_internal:subscription_succeeded"
    theirs = {"event": "pusher:subscribe", "data": {"channel": "#server-to-user-1"}}
    assert refusal(talk.feed(theirs))[0] == 4009
    assert talk.channels.occupied() == {}, "it is no channel that anybody may list"
    (delivery,) = talk.channels.publish("#server-to-user-12345", "n", "{}", 1.0)
    assert isinstance(delivery, Deliver)
    assert delivery.to == ("1.0",)


# Limits


def test_more_subscriptions_than_allowed_are_refused_on_the_channel_and_change_nothing() -> None:
    talk = Talk(max_subscriptions=2)
    for channel in "ab":
        talk.subscribe(channel)
    (frame,) = frames_of(talk.subscribe("c"))
    assert (frame["event"], frame["channel"]) == ("pusher:subscription_error", "c")
    assert json.loads(frame["data"])["type"] == "LimitReached"
    assert talk.channels.occupied() == {"a": 1, "b": 1}


def test_more_messages_than_allowed_close_with_4100() -> None:
    talk = Talk(messages_per_second=3)
    for _ in range(3):
        assert frames_of(talk.feed({"event": "pusher:ping"}))
    (close,) = talk.feed({"event": "pusher:ping"})
    assert isinstance(close, Close)
    assert close.code == 4100


def test_subscribers_are_told_how_many_they_are_where_it_is_switched_on() -> None:
    talk = Talk(2, subscription_counts=True)
    talk.subscribe("a")
    deliveries = [one for one in talk.subscribe("a", number=1) if isinstance(one, Deliver)]
    assert [one.to for one in deliveries] == [("1.0", "1.1")]
    assert json.loads(json.loads(deliveries[0].frame)["data"]) == {"subscription_count": 2}
    reports = [one.happening.name for one in talk.channels.disconnect("1.0") if isinstance(one, Report)]
    assert reports == ["subscription_count"]
    presence = talk.subscribe("presence-a", ADA)
    assert not [one for one in presence if isinstance(one, Deliver)]


# Caches


def test_a_cached_event_is_forgotten_after_its_time() -> None:
    talk = Talk(cache_seconds=60)
    talk.channels.publish("cache-a", "n", '"1"', 0.0)
    late = Connection("1.9", APP, talk.settings, talk.channels, 0.0)
    text = json.dumps({"event": "pusher:subscribe", "data": {"channel": "cache-a"}})
    assert [one.to for one in late.feed(text, 59.9) if isinstance(one, Deliver)] == [("1.9",)]
    later = Connection("2.9", APP, talk.settings, talk.channels, 0.0)
    assert [frame["event"] for frame in frames_of(later.feed(text, 60.0))][-1] == "pusher:cache_miss"


def test_client_events_are_not_cached() -> None:
    talk = Talk()
    talk.subscribe("private-cache-a")
    talk.say("private-cache-a")
    assert talk.channels.cached("private-cache-a", 1.0) is None


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.floats(0, 3)), max_size=40), st.integers(1, 4))
def test_a_cache_never_grows_and_holds_the_latest(puts: list[tuple[str, float]], most: int) -> None:
    cache, now, model = EventCache(10.0, most), 0.0, dict[str, float]()
    for channel, pause in puts:
        now += pause
        cache.put(channel, b"", str(now), now)
        model.pop(channel, None)
        model[channel] = now
    latest = dict(list(model.items())[-most:])
    for channel in "abcdef":
        event = cache.get(channel, now)
        wanted = latest.get(channel)
        if wanted is None or wanted + 10.0 <= now:
            assert event is None
        else:
            assert event is not None
            assert event.data == str(wanted)
