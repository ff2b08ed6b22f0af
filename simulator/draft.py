"""An operation being worked out: rows to write, events to announce, notices for the log.

Events are announced while the operation decides and rendered at its end, when the world after it is known; so every
event of an operation shows the same committed state (clause events/payload/agrees-with-state) and `changed_fields` is
the difference of two views and never a list somebody keeps by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contract.channels import Channel
from contract.events import changed_fields, make_envelope
from simulator import views
from simulator.commands import Actor, Decision, Event, Ids, Reply
from simulator.world import Booking, Change, Delete, Hotel, Put, Room, Row, World, key_of


@dataclass(frozen=True, slots=True)
class Step:
    """Who does something in which hotel, when: what every part of an operation needs to know.

    `now` must not lie before an earlier operation on the same booking or room; the caller sees to it.
    """

    world: World
    hotel: Hotel
    actor: Actor
    now: datetime
    ids: Ids


class Draft:
    """Collects what an operation does; `decide` turns it into a Decision. One draft per operation."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self._changes: list[Change] = []
        self._announced: list[Callable[[World], Event]] = []
        self._notices: list[tuple[str, Mapping[str, Any]]] = []

    def put(self, row: Row) -> None:
        """Insert or replace a row."""
        self._changes.append(Put(row))

    def delete(self, row: Row) -> None:
        self._changes.append(Delete(row.table, key_of(row)))

    def notice(self, event: str, **fields: Any) -> None:
        """Something staff should find in the log."""
        self._notices.append((event, fields))

    def announce_to_staff(self, name: str, booking: Booking) -> None:
        """A booking event on the staff channel: the whole BookingDetail and the step through the phases.

        `booking` is the row as it was before the operation.
        """

        def render(after: World) -> Event:
            row = after.bookings[booking.booking_id]
            transition = {"from": booking.phase, "to": row.phase, "at": views.timestamp(self.step.now)}
            payload = {**views.booking_detail(after, row), "transition": transition}
            return self._event(
                name, Channel("staff", str(self.step.hotel.id)), payload, booking_id=row.booking_id
            )

        self._announced.append(render)

    def announce_to_guest(self, name: str, booking_id: str, guest_token: str | None = None) -> None:
        """A booking event on the guest's channel: the GuestBooking, and the fresh raw token if there is one."""

        def render(after: World) -> Event:
            payload: dict[str, Any] = {**views.guest_booking(after, after.bookings[booking_id])}
            if guest_token is not None:
                payload["guest_token"] = guest_token
            return self._event(name, Channel("guest", booking_id), payload, booking_id=booking_id)

        self._announced.append(render)

    def announce_room(self, room_id: int) -> None:
        """`room_updated`: the whole Room and the names of its fields that differ from before."""
        self._announced.append(lambda after: self._room_event("room_updated", views.room, room_id, after))

    def announce_occupancy(self, room_id: int) -> None:
        """`room_occupancy_updated`: who is in the room and for which booking, and what of that differs."""
        self._announced.append(
            lambda after: self._room_event("room_occupancy_updated", views.occupancy_payload, room_id, after)
        )

    def decide(self, reply: Callable[[World], Mapping[str, Any]]) -> Decision:
        """The decision; `reply` renders the body of the 200 from the world after the changes."""
        after = self.step.world.apply(self._changes)
        return Decision(
            reply=Reply(200, reply(after)),
            changes=tuple(self._changes),
            events=tuple(render(after) for render in self._announced),
            notices=tuple(self._notices),
        )

    def _room_event(
        self, name: str, view: Callable[[World, Room], Mapping[str, Any]], room_id: int, after: World
    ) -> Event:
        before = view(self.step.world, self.step.world.rooms[room_id])
        now = view(after, after.rooms[room_id])
        payload = {**now, "changed_fields": changed_fields(before, now)}
        return self._event(name, Channel("rooms", self.step.hotel.slug), payload, room_id=room_id)

    def _event(
        self,
        name: str,
        channel: Channel,
        payload: Mapping[str, Any],
        *,
        room_id: int | None = None,
        booking_id: str | None = None,
    ) -> Event:
        scope: dict[str, Any]
        if room_id is not None:
            scope = {"room_id": room_id, "room_number": payload["room_number"]}
        else:
            scope = {"booking_id": booking_id}
        event_id = self.step.ids.event_id()
        envelope = make_envelope(
            channel.kind,
            name,
            payload,
            event_id=event_id,
            hotel_slug=self.step.hotel.slug,
            ts=self.step.now,
            scope=scope,
        )
        return Event(event_id, channel.name, name, envelope, room_id, booking_id)
