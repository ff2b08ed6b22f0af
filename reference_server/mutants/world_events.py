"""Lies of events and answers about a state that is right."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reference_server.mutants.mutant import mutant
from reference_server.mutants.parts import but
from simulator.views import booking_detail
from simulator.world import World


@mutant(
    "room-event-before-the-write", "events/payload/agrees-with-state", "simulator.draft:Draft._room_event"
)
def _(original: Any) -> Any:
    """The room in an event is the object that was read before the write."""

    def lie(self: Any, name: str, view: Any, room_id: int, after: World) -> Any:
        stale = after.apply([])
        return original(self, name, lambda world, room: view(self.step.world, self.step.world.rooms[room_id]), room_id, stale)  # fmt: skip

    return lie


@mutant(
    "booking-event-before-the-write",
    "events/payload/agrees-with-state",
    "simulator.draft:views",
)
def _(original: Any) -> Any:
    """The in_house part of a booking in an event was prefetched before the guests were written."""

    def detail(world: World, booking: Any) -> Any:
        told = original.booking_detail(world, booking)
        return {**told, "in_house": None} if booking.phase == "in_house" else told

    return but(original, booking_detail=detail)


@mutant("changed-fields-miss-occupied", "events/payload/changed-fields", "simulator.draft:changed_fields")
def _(original: Any) -> Any:
    """changed_fields does not name is_occupied."""
    return lambda before, now: [name for name in original(before, now) if name != "is_occupied"]


@mutant("changed-fields-miss-notes", "events/payload/changed-fields-exact", "simulator.draft:changed_fields")
def _(original: Any) -> Any:
    """changed_fields does not name turnover_notes."""
    return lambda before, now: [name for name in original(before, now) if name != "turnover_notes"]


@mutant(
    "changed-fields-name-everything", "events/payload/changed-fields-exact", "simulator.draft:changed_fields"
)
def _(original: Any) -> Any:
    """changed_fields names every field of the room."""
    return lambda before, now: sorted(now)


@mutant(
    "occupancy-forgets-stay",
    "events/payload/check-in-current-booking",
    "simulator.draft:views.occupancy_payload",
)
def _(original: Any) -> Any:
    """room_occupancy_updated of a check-in has no current_booking."""
    return lambda world, room: {**original(world, room), "current_booking": None}


@mutant(
    "occupancy-keeps-stay", "events/payload/check-out-occupancy-cleared", "simulator.draft:Draft._room_event"
)
def _(original: Any) -> Any:
    """room_occupancy_updated of a check-out still shows the guests who left."""

    def lie(self: Any, name: str, view: Any, room_id: int, after: World) -> Any:
        def kept(world: World, room: Any) -> Any:
            shown = view(world, room)
            before = self.step.world
            if name == "room_occupancy_updated" and world is after and not shown["guests_in_room"]:
                shown = {**shown, "guests_in_room": view(before, before.rooms[room_id])["guests_in_room"]}
            return shown

        return original(self, name, kept, room_id, after)

    return lie


@mutant("check-out-event-shows-occupied", "events/payload/check-out-room-dirty", "simulator.draft:views.room")
def _(original: Any) -> Any:
    """room_updated of a check-out says that the room is still OCCUPIED."""

    def lie(world: World, room: Any) -> Any:
        shown = original(world, room)
        return {**shown, "room_status": "OCCUPIED"} if room.room_status == "CHECKOUT_DIRTY" else shown

    return lie


def _event(original: Any, change: Any) -> Any:
    """`Draft._event` with the payload changed by `change(self, name, channel, payload)`."""

    def lie(self: Any, name: str, channel: Any, payload: Any, **about: Any) -> Any:
        return original(self, name, channel, change(self, name, channel, payload), **about)

    return lie


@mutant("staff-event-is-a-patch", "events/payload/check-in-booking", "simulator.draft:Draft._event")
def _(original: Any) -> Any:
    """The staff event of a check-in has the fields that changed instead of the whole booking."""

    def patch(self: Any, name: str, channel: Any, payload: Any) -> Any:
        if channel.kind != "staff" or name != "booking_checked_in":
            return payload
        return {
            key: payload[key]
            for key in ("booking_id", "status", "checked_in_at", "room_number", "transition")
        }

    return _event(original, patch)


@mutant("departure-event-is-a-patch", "events/payload/check-out-booking", "simulator.draft:Draft._event")
def _(original: Any) -> Any:
    """The staff event of a check-out leaves out the party and the guests."""

    def patch(self: Any, name: str, channel: Any, payload: Any) -> Any:
        if channel.kind != "staff" or name != "booking_checked_out":
            return payload
        return {key: value for key, value in payload.items() if key not in ("party", "in_house")}

    return _event(original, patch)


@mutant("staff-event-before-the-guests", "events/payload/canonical-booking", "simulator.draft:Draft._event")
def _(original: Any) -> Any:
    """The staff event and the answer are made by two serializers that disagree about the notes."""

    def other(self: Any, name: str, channel: Any, payload: Any) -> Any:
        return {**payload, "internal_notes": None} if channel.kind == "staff" else payload

    return _event(original, other)


@mutant("guest-event-shows-notes", "privacy/guest-event", "simulator.draft:Draft._event")
def _(original: Any) -> Any:
    """The guest event of a check-out is made from the staff's view, internal notes and all."""

    def leak(self: Any, name: str, channel: Any, payload: Any) -> Any:
        if channel.kind != "guest" or name != "booking_checked_out":
            return payload
        return {**payload, "internal_notes": self.step.world.bookings[channel.key].internal_notes}

    return _event(original, leak)


@mutant("guest-event-shows-pin", "privacy/guest-event", "simulator.draft:Draft._event")
def _(original: Any) -> Any:
    """The guest event of a check-in has the whole guest record inside, with its PIN."""

    def leak(self: Any, name: str, channel: Any, payload: Any) -> Any:
        if channel.kind != "guest" or name != "booking_checked_in":
            return payload
        return {**payload, "guest": {**payload["guest"], "id_pin": self.step.ids.id_pin()}}

    return _event(original, leak)


@mutant(
    "guest-endpoint-shows-payment", "privacy/guest-endpoint", "simulator.guest_access:views.guest_booking"
)
def _(original: Any) -> Any:
    """The guest's booking shows how it was paid."""
    return lambda world, booking: {**original(world, booking), "payment_reference": booking.payment_reference}


@mutant("transition-turns-round", "events/payload/transition", "simulator.draft:Draft._event")
def _(original: Any) -> Any:
    """The transition of a booking event says from and to the wrong way round."""

    def swapped(self: Any, name: str, channel: Any, payload: Any) -> Any:
        if "transition" not in payload:
            return payload
        told = payload["transition"]
        return {**payload, "transition": {**told, "from": told["to"], "to": told["from"]}}

    return _event(original, swapped)


@mutant("check-in-answers-with-the-past", "endpoints/replies-agree-with-state", "simulator.decide:check_in")
def _(original: Any) -> Any:
    """The answer to a check-in shows the booking as it was read before the write."""

    def lie(world: World, command: Any, *others: Any) -> Any:
        decision = original(world, command, *others)
        if not decision.changes:
            return decision
        stale = booking_detail(world, world.bookings[command.booking_id])
        body = {**decision.reply.body, **stale}
        return replace(decision, reply=replace(decision.reply, body=body))

    return lie


@mutant("guest-event-of-last-stay", "events/payload/agrees-with-state", "simulator.draft:views")
def _(original: Any) -> Any:
    """The guest event of a check-in was built before the stamp was set."""

    def guest_booking(world: World, booking: Any) -> Any:
        told = original.guest_booking(world, booking)
        return {**told, "checked_in_at": None} if booking.phase == "in_house" else told

    return but(original, guest_booking=guest_booking)


@mutant(
    "guest-event-without-departure", "events/payload/guest-check-out", "simulator.draft:views.guest_booking"
)
def _(original: Any) -> Any:
    """The guest event of a check-out was built before the stamp was set."""
    return lambda world, booking: {**original(world, booking), "checked_out_at": None}


@mutant("guest-event-without-token", "events/payload/guest-token", "simulator.draft:Draft.announce_to_guest")
def _(original: Any) -> Any:
    """The guest event of a check-in does not bring the fresh token."""
    return lambda self, name, booking_id, guest_token=None: original(self, name, booking_id)


@mutant("staff-event-brings-token", "tokens/raw-never-public", "simulator.stays:tokens.issue")
def _(original: Any) -> Any:
    """The fresh token goes out on the staff channel too, which anybody may subscribe to."""

    def lie(draft: Any, booking: Any) -> Any:
        raw = original(draft, booking)
        draft._announced[0] = _with_token(draft._announced[0], raw)
        return raw

    return lie


def _with_token(render: Any, raw: str) -> Any:
    def told(after: World) -> Any:
        event = render(after)
        payload = {**event.envelope["payload"], "guest_token": raw}
        return replace(event, envelope={**event.envelope, "payload": payload})

    return told
