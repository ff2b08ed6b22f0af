"""The channels of an app against a model that is naive on purpose: who hears what, who is present, what webhooks are told.

The model keeps plain lists of (socket, channel, user) and works every question out anew; the state machine keeps rosters
and counts. After every step each connection has been sent exactly what the model says, in that order.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from contract.pusher.app import PusherApp
from contract.pusher.channels import Channels
from contract.pusher.connection import Connection
from contract.pusher.names import channel_kind
from contract.pusher.outputs import Close, Deliver, Output, Report, Send
from contract.pusher.settings import AppSettings
from contract.pusher.signatures import channel_auth, user_auth

APP = PusherApp("1", "k", "s")
CHANNELS = ("a", "presence-a", "presence-cache-a")
USERS = ("ada", "bob", "cid")
SOCKETS = tuple(f"1.{number}" for number in range(4))
MOST_MEMBERS = 2
Frame = tuple[str, str | None, Any]

sockets, channels, users = (st.sampled_from(names) for names in (SOCKETS, CHANNELS, USERS))


class ChannelsAgainstAModel(RuleBasedStateMachine):
    """Four connections, six channels, three users, in any order of coming, going, speaking and vanishing."""

    def __init__(self) -> None:
        super().__init__()
        self.settings = AppSettings(max_members=MOST_MEMBERS)
        self.channels = Channels(self.settings)
        self.connections = {
            socket: Connection(socket, APP, self.settings, self.channels, 0.0) for socket in SOCKETS
        }
        self.now = 0.0
        self.heard: dict[str, list[Frame]] = defaultdict(list)
        self.reported: list[tuple[str, str, str | None]] = []
        # The model: subscriptions in their order, the user of each on a presence channel, who signed in, last events.
        self.subscriptions: list[tuple[str, str, str | None]] = []
        self.users: dict[str, str] = {}
        self.cached: dict[str, str] = {}
        self.expected: dict[str, list[Frame]] = defaultdict(list)
        self.happened: list[tuple[str, str, str | None]] = []

    # The machine

    def carry_out(self, socket: str | None, outputs: list[Output]) -> None:
        for output in outputs:
            match output:
                case Send(text):
                    assert socket is not None
                    self.heard[socket].append(frame_of(text))
                case Deliver(encoded, to):
                    assert len(set(to)) == len(to)
                    for one in to:
                        self.heard[one].append(frame_of(encoded.decode()))
                case Report(happening):
                    user = happening.details.get("user_id")
                    self.reported.append(
                        (happening.name, happening.channel, None if user is None else str(user))
                    )
                case Close():
                    raise AssertionError("nothing here closes a connection")

    def feed(self, socket: str, event: str, data: Any, channel: str | None = None) -> None:
        self.now += 1.0
        frame = {"event": event, "data": data} | ({} if channel is None else {"channel": channel})
        self.carry_out(socket, self.connections[socket].feed(json.dumps(frame), self.now))

    # What the model knows

    def on(self, channel: str) -> list[str]:
        return [socket for socket, name, _ in self.subscriptions if name == channel]

    def present(self, channel: str) -> list[str]:
        return list(dict.fromkeys(user for _, name, user in self.subscriptions if name == channel and user))

    def tell(self, to: list[str], *frame: Any) -> None:
        for socket in to:
            self.expected[socket].append(frame)  # type: ignore[arg-type]

    def leave(self, socket: str, channel: str) -> None:
        (mine,) = [one for one in self.subscriptions if one[:2] == (socket, channel)]
        self.subscriptions.remove(mine)
        user = mine[2]
        if user is not None and user not in self.present(channel):
            self.tell(self.on(channel), "pusher_internal:member_removed", channel, {"user_id": user})
            self.happened.append(("member_removed", channel, user))
        if not self.on(channel):
            self.happened.append(("channel_vacated", channel, None))

    # Steps

    @rule(socket=sockets, channel=channels, user=users)
    def subscribe(self, socket: str, channel: str, user: str) -> None:
        kind = channel_kind(channel)
        data = json.dumps({"user_id": user, "user_info": user.upper()}) if kind.is_presence else None
        auth = channel_auth(APP.key, APP.secret, socket, channel, data) if kind.needs_auth else ""
        self.feed(
            socket,
            "pusher:subscribe",
            {"channel": channel, "auth": auth} | ({} if data is None else {"channel_data": data}),
        )
        if socket in self.on(channel):
            self.tell([socket], "pusher:error", None, None)
            return
        member = user if kind.is_presence else None
        before, others = self.present(channel), self.on(channel)
        if member is not None and member not in before and len(before) == MOST_MEMBERS:
            self.tell([socket], "pusher:subscription_error", channel, "LimitReached")
            return
        if not others:
            self.happened.append(("channel_occupied", channel, None))
        self.subscriptions.append((socket, channel, member))
        there = sorted(self.present(channel))
        roster = {
            "presence": {"ids": there, "hash": {one: one.upper() for one in there}, "count": len(there)}
        }
        self.tell([socket], "pusher_internal:subscription_succeeded", channel, roster if member else {})
        if member is not None and member not in before:
            added = {"user_id": member, "user_info": member.upper()}
            self.tell(others, "pusher_internal:member_added", channel, added)
            self.happened.append(("member_added", channel, member))
        if kind.is_cache:
            if channel in self.cached:
                self.tell([socket], "price", channel, self.cached[channel])
            else:
                self.tell([socket], "pusher:cache_miss", channel, {})
                self.happened.append(("cache_miss", channel, None))

    @rule(socket=sockets, user=users)
    def join(self, socket: str, user: str) -> None:
        self.subscribe(socket, "presence-a", user)  # so that channels with several members are not rare

    @rule(socket=sockets, channel=channels)
    def unsubscribe(self, socket: str, channel: str) -> None:
        self.feed(socket, "pusher:unsubscribe", {"channel": channel})
        if socket in self.on(channel):
            self.leave(socket, channel)
        else:
            self.tell([socket], "pusher:error", None, None)

    @rule(socket=sockets)
    def vanish_and_come_back(self, socket: str) -> None:
        self.carry_out(None, self.channels.disconnect(socket))
        assert self.channels.disconnect(socket) == []
        for channel in [name for one, name, _ in self.subscriptions if one == socket]:
            self.leave(socket, channel)
        self.users.pop(socket, None)
        self.connections[socket] = Connection(socket, APP, self.settings, self.channels, self.now)

    @rule(channel=channels, data=st.sampled_from(["one", "two"]), exclude=st.none() | sockets)
    def publish(self, channel: str, data: str, exclude: str | None) -> None:
        outputs = self.channels.publish(channel, "price", json.dumps(data), self.now, exclude=exclude)
        assert len(outputs) <= 1, "one event is encoded once"
        self.carry_out(None, outputs)
        self.tell([one for one in self.on(channel) if one != exclude], "price", channel, data)
        if channel_kind(channel).is_cache:
            self.cached[channel] = data

    @rule(socket=sockets, channel=channels)
    def say(self, socket: str, channel: str) -> None:
        self.feed(socket, "client-hello", "hello", channel)
        user = next((u for one, name, u in self.subscriptions if (one, name) == (socket, channel)), None)
        if socket not in self.on(channel) or not channel_kind(channel).needs_auth:
            self.tell([socket], "pusher:error", None, None)
            return
        others = [one for one in self.on(channel) if one != socket]
        self.tell(others, "client-hello", channel, ("hello", user))
        self.happened.append(("client_event", channel, user))

    @rule(socket=sockets, user=users)
    def sign_in(self, socket: str, user: str) -> None:
        data = json.dumps({"id": user})
        auth = user_auth(APP.key, APP.secret, socket, data)
        self.feed(socket, "pusher:signin", {"auth": auth, "user_data": data})
        if self.users.setdefault(socket, user) == user:
            self.tell([socket], "pusher:signin_success", None, {"user_data": data})
        else:
            self.tell([socket], "pusher:error", None, None)

    @precondition(lambda self: self.users)
    @rule(user=users)
    def send_to_user(self, user: str) -> None:
        channel = f"#server-to-user-{user}"
        self.carry_out(None, self.channels.publish(channel, "mail", "1", self.now))
        self.tell([one for one, name in self.users.items() if name == user], "mail", channel, 1)

    # What always holds

    @invariant()
    def everybody_has_heard_exactly_what_the_model_says(self) -> None:
        for socket in SOCKETS:
            assert self.heard[socket] == self.expected[socket]

    @invariant()
    def webhooks_are_told_exactly_what_happened(self) -> None:
        # Within one step the order of a departure over several channels is the order of subscribing, in both.
        assert sorted(map(str, self.reported)) == sorted(map(str, self.happened))

    @invariant()
    def questions_are_answered_as_the_model_does(self) -> None:
        for channel in CHANNELS:
            assert self.channels.subscription_count(channel) == len(self.on(channel))
            members = [member.user_id for member in self.channels.members(channel)]
            assert sorted(members) == sorted(self.present(channel))
        occupied = {name: len(self.on(name)) for name in CHANNELS if self.on(name)}
        assert self.channels.occupied() == occupied
        for user in USERS:
            signed_in = {socket for socket, name in self.users.items() if name == user}
            assert set(self.channels.connections_of_user(user)) == signed_in
        for socket in SOCKETS:
            assert self.connections[socket].channels == {
                name for one, name, _ in self.subscriptions if one == socket
            }


def frame_of(text: str) -> Frame:
    """Event, channel and what matters of the data: of an error nothing, of a client event the sender as well."""
    frame = json.loads(text)
    event, channel, data = frame["event"], frame.get("channel"), frame.get("data")
    if event == "pusher:error":
        return event, None, None
    if event.startswith("client-"):
        return event, channel, (data, frame.get("user_id"))
    if isinstance(data, str):
        data = json.loads(data)
    if isinstance(data, dict) and "presence" in data:
        data["presence"]["ids"].sort()  # in no order that is promised
    return event, channel, data["type"] if event == "pusher:subscription_error" else data


ChannelsAgainstAModel.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestChannelsAgainstAModel = ChannelsAgainstAModel.TestCase
