"""Lies about where an event goes: a channel of another name, or of somebody else."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from contract.channels import Channel, parse_channel
from reference_server.mutants.mutant import mutant
from reference_server.mutants.outgoing import OUTBOX, exchanged, what_of
from reference_server.seed import HOME_HOTEL, OTHER_HOTEL
from simulator.commands import Event


def _renamed(original: Any, where: Callable[[Event], str | None]) -> Any:
    """Instead of `OUTBOX`: events go to the channel `where` names, or to their own."""
    return exchanged(original, lambda event: [replace(event, channel=where(event) or event.channel)])


def _copied(original: Any, where: Callable[[Event], str | None]) -> Any:
    """Instead of `OUTBOX`: events go to their own channel, and to the one `where` names."""

    def both(event: Event) -> list[Event]:
        channel = where(event)
        return [event] if channel is None else [event, replace(event, channel=channel)]

    return exchanged(original, both)


def _key(event: Event) -> str:
    channel = parse_channel(event.channel)
    assert channel is not None
    return channel.key


@mutant("occupancy-on-another-rooms-channel", "channels/rooms/name", OUTBOX)
def _(original: Any) -> Any:
    """Occupancy events keep the channel name of an earlier release."""
    return _renamed(
        original,
        lambda event: f"{_key(event)}.room-occupancy" if event.name == "room_occupancy_updated" else None,
    )


@mutant("departures-on-a-channel-by-slug", "channels/staff/name", OUTBOX)
def _(original: Any) -> Any:
    """The departures for staff go to a channel named by the hotel's slug instead of its id."""

    def where(event: Event) -> str | None:
        slug = event.envelope["meta"]["hotel_slug"]
        return f"staff-hotel-{slug}" if what_of(event) == "staff booking_checked_out" else None

    return _renamed(original, where)


@mutant("guest-channel-is-public", "channels/guest/name", OUTBOX)
def _(original: Any) -> Any:
    """The name of the guest channel lacks the prefix that makes it private."""
    return _renamed(
        original,
        lambda event: (
            event.channel.removeprefix("private-") if event.channel.startswith("private-") else None
        ),
    )


@mutant("guest-event-of-the-booking-before", "channels/guest/own-booking", OUTBOX)
def _(original: Any) -> Any:
    """booking_room_assigned goes to the guest of the booking that was assigned before this one."""
    before: list[str] = []

    def where(event: Event) -> str | None:
        if what_of(event) != "guest booking_room_assigned":
            return None
        before.append(event.channel)
        return before[-2] if len(before) > 1 else None

    return _renamed(original, where)


@mutant("occupancy-leaks-into-the-other-hotel", "channels/hotel-isolation", OUTBOX)
def _(original: Any) -> Any:
    """Occupancy is broadcast to the rooms channels of all hotels of the group."""

    def where(event: Event) -> str | None:
        home = _key(event) == HOME_HOTEL
        there = Channel("rooms", OTHER_HOTEL if home else HOME_HOTEL).name
        return there if event.name == "room_occupancy_updated" else None

    return _copied(original, where)


@mutant("departures-leak-into-the-other-hotel", "channels/hotel-isolation", OUTBOX)
def _(original: Any) -> Any:
    """The staff channel of a departure is taken from a default of the settings, hotel 2."""

    def where(event: Event) -> str | None:
        leaks = what_of(event) == "staff booking_checked_out" and _key(event) != "2"
        return Channel("staff", "2").name if leaks else None

    return _copied(original, where)


@mutant("occupancy-on-the-staff-channel", "channels/staff/events", OUTBOX)
def _(original: Any) -> Any:
    """Staff get the occupancy of rooms on their booking channel too, under its own name."""

    def where(event: Event) -> str | None:
        stay = event.envelope["payload"].get("current_booking")
        return "staff-hotel-1" if event.name == "room_occupancy_updated" and stay else None

    return _copied(original, where)


@mutant("staff-update-on-the-guest-channel", "channels/guest/events", OUTBOX)
def _(original: Any) -> Any:
    """booking_updated goes to everybody who knows the booking, its guest among them."""

    def where(event: Event) -> str | None:
        booking_id = event.envelope["payload"].get("booking_id", "")
        return Channel("guest", booking_id).name if what_of(event) == "staff booking_updated" else None

    return _copied(original, where)


@mutant("arrivals-on-the-rooms-channel", "channels/rooms/events", OUTBOX)
def _(original: Any) -> Any:
    """booking_checked_in is published on the rooms channel too, for a board that shows names."""

    def where(event: Event) -> str | None:
        slug = event.envelope["meta"]["hotel_slug"]
        return Channel("rooms", slug).name if what_of(event) == "staff booking_checked_in" else None

    return _copied(original, where)


@mutant("raw-token-in-the-staff-event", "tokens/raw-never-public", OUTBOX)
def _(original: Any) -> Any:
    """The staff's booking_checked_in holds the guest's raw token, on a channel that anybody may hear."""

    def enqueue(self: Any, events: Iterable[Event], now: datetime) -> None:
        told = tuple(events)
        token = next(
            (e.envelope["payload"]["guest_token"] for e in told if "guest_token" in e.envelope["payload"]),
            None,
        )
        original(self, [_with_token(event, token) if token else event for event in told], now)

    return enqueue


def _with_token(event: Event, token: str) -> Event:
    if what_of(event) != "staff booking_checked_in":
        return event
    payload = {**event.envelope["payload"], "guest_token": token}
    return replace(event, envelope={**event.envelope, "payload": payload})


@mutant("raw-token-in-a-link-to-the-guest", "tokens/raw-nowhere-else", OUTBOX)
def _(original: Any) -> Any:
    """The guest's booking_checked_in repeats the raw token inside of a link to the portal."""

    def linked(event: Event) -> list[Event]:
        payload = event.envelope["payload"]
        if what_of(event) != "guest booking_checked_in":
            return [event]
        link = f"https://portal.invalid/?token={payload['guest_token']}"
        return [replace(event, envelope={**event.envelope, "payload": {**payload, "portal_url": link}})]

    return exchanged(original, linked)
