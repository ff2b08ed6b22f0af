"""Lies in the payload of an event, on its way out: the state is right, what is told of it is not."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from reference_server.mutants.mutant import mutant
from reference_server.mutants.outgoing import OUTBOX, Envelope, rewritten

_OCCUPANCY = "rooms room_occupancy_updated"


@mutant("room-number-as-text", "events/schema/room-updated", OUTBOX)
def _(original: Any) -> Any:
    """The room_number of room_updated is a text."""

    def change(what: str, told: Envelope) -> None:
        if what == "rooms room_updated":
            told["payload"]["room_number"] = str(told["payload"]["room_number"])

    return rewritten(original, change)


@mutant("occupancy-without-room-number", "events/payload/room-number", OUTBOX)
def _(original: Any) -> Any:
    """An occupancy event names its room by the id alone."""

    def change(what: str, told: Envelope) -> None:
        if what == _OCCUPANCY:
            del told["payload"]["room_number"]

    return rewritten(original, change)


@mutant("guests-in-room-is-a-count", "events/payload/guests-in-room", OUTBOX)
def _(original: Any) -> Any:
    """guests_in_room of an occupancy event is how many they are."""

    def change(what: str, told: Envelope) -> None:
        if what == _OCCUPANCY:
            told["payload"]["guests_in_room"] = len(told["payload"]["guests_in_room"])

    return rewritten(original, change)


@mutant("empty-values-are-left-out", "events/payload/maintenance-flags", OUTBOX)
def _(original: Any) -> Any:
    """A serializer that leaves out false and null takes the flags of a healthy room with them."""

    def change(what: str, told: Envelope) -> None:
        if what.startswith("rooms"):
            told["payload"] = {
                name: value
                for name, value in told["payload"].items()
                if value is not None and value is not False
            }

    return rewritten(original, change)


@mutant("room-state-under-a-nested-room", "events/payload/room-state", OUTBOX)
def _(original: Any) -> Any:
    """The state of the room in an occupancy event stands one level deeper, under room."""

    def change(what: str, told: Envelope) -> None:
        if what == _OCCUPANCY:
            payload = told["payload"]
            payload["room"] = {name: payload.pop(name) for name in ("room_status", "is_occupied")}

    return rewritten(original, change)


@mutant("changed-fields-missing-from-occupancy", "events/payload/changed-fields", OUTBOX)
def _(original: Any) -> Any:
    """The occupancy event of a departure has no changed_fields."""

    def change(what: str, told: Envelope) -> None:
        if what == _OCCUPANCY and not told["payload"]["is_occupied"]:
            del told["payload"]["changed_fields"]

    return rewritten(original, change)


@mutant("changed-fields-forget-the-guests", "events/payload/changed-fields", OUTBOX)
def _(original: Any) -> Any:
    """changed_fields of room_updated never names guests_in_room: the list is kept by hand."""

    def change(what: str, told: Envelope) -> None:
        names = told["payload"].get("changed_fields", [])
        if what == "rooms room_updated" and "guests_in_room" in names:
            names.remove("guests_in_room")

    return rewritten(original, change)


@mutant("changed-fields-name-the-neighbour", "events/payload/changed-fields-exact", OUTBOX)
def _(original: Any) -> Any:
    """changed_fields of a room under cleaning names last_inspected_at, which did not change."""

    def change(what: str, told: Envelope) -> None:
        if what == "rooms room_updated" and told["payload"]["room_status"] == "CLEANED_UNINSPECTED":
            told["payload"]["changed_fields"].append("last_inspected_at")

    return rewritten(original, change)


@mutant("dirty-room-names-only-occupancy", "events/payload/check-out-room-dirty", OUTBOX)
def _(original: Any) -> Any:
    """room_updated of a check-out names is_occupied in changed_fields and not room_status."""

    def change(what: str, told: Envelope) -> None:
        if what == "rooms room_updated" and told["payload"]["room_status"] == "CHECKOUT_DIRTY":
            names = told["payload"]["changed_fields"]
            told["payload"]["changed_fields"] = [name for name in names if name != "room_status"]

    return rewritten(original, change)


@mutant("full-room-cut-to-a-patch", "events/payload/full-room", OUTBOX)
def _(original: Any) -> Any:
    """room_updated has the required fields and those that changed, not the whole room."""
    kept = {"room_id", "room_number", "room_status", "is_occupied", "is_out_of_order", "maintenance_required"}

    def change(what: str, told: Envelope) -> None:
        if what == "rooms room_updated":
            payload = told["payload"]
            names = kept | {"guests_in_room", "changed_fields"} | set(payload["changed_fields"])
            told["payload"] = {name: value for name, value in payload.items() if name in names}

    return rewritten(original, change)


@mutant("occupancy-without-the-booking", "events/payload/check-in-current-booking", OUTBOX)
def _(original: Any) -> Any:
    """The occupancy event of an arrival has current_booking null."""

    def change(what: str, told: Envelope) -> None:
        if what == _OCCUPANCY:
            told["payload"]["current_booking"] = None

    return rewritten(original, change)


@mutant("vacated-room-still-counts-one", "events/payload/agrees-with-state", OUTBOX)
def _(original: Any) -> Any:
    """current_occupancy of an event is never less than one."""

    def change(what: str, told: Envelope) -> None:
        if what == _OCCUPANCY:
            told["payload"]["current_occupancy"] = max(1, told["payload"]["current_occupancy"])

    return rewritten(original, change)


@mutant("departed-guests-still-listed", "events/payload/check-out-occupancy-cleared", OUTBOX)
def _(original: Any) -> Any:
    """The occupancy event of a departure lists the guests that were in the room when it was last announced."""
    last: dict[int, Any] = {}

    def change(what: str, told: Envelope) -> None:
        payload = told["payload"]
        if what == _OCCUPANCY:
            guests = payload["guests_in_room"] or last.get(payload["room_id"], [])
            last[payload["room_id"]] = payload["guests_in_room"] = guests

    return rewritten(original, change)


@mutant("arrival-without-in-house-guests", "events/payload/check-in-booking", OUTBOX)
def _(original: Any) -> Any:
    """The staff's booking_checked_in is serialized before the guests are registered: in_house is null."""

    def change(what: str, told: Envelope) -> None:
        if what == "staff booking_checked_in":
            told["payload"]["in_house"] = None

    return rewritten(original, change)


@mutant("departure-without-its-time", "events/payload/check-out-booking", OUTBOX)
def _(original: Any) -> Any:
    """The staff's booking_checked_out has checked_out_at null."""

    def change(what: str, told: Envelope) -> None:
        if what == "staff booking_checked_out":
            told["payload"]["checked_out_at"] = None

    return rewritten(original, change)


@mutant("staff-event-hides-the-payment", "events/payload/canonical-booking", OUTBOX)
def _(original: Any) -> Any:
    """The booking in staff events lacks payment_provider and payment_reference."""

    def change(what: str, told: Envelope) -> None:
        if what.startswith("staff"):
            del told["payload"]["payment_provider"], told["payload"]["payment_reference"]

    return rewritten(original, change)


@mutant("departure-without-room", "events/payload/room-assignment", OUTBOX)
def _(original: Any) -> Any:
    """A booking that departed has no room in the staff's event."""

    def change(what: str, told: Envelope) -> None:
        if what == "staff booking_checked_out":
            told["payload"].update(room=None, assigned_room=None, assigned_room_number=None, room_number=None)

    return rewritten(original, change)


@mutant("second-companion-missing-from-party", "events/payload/party", OUTBOX)
def _(original: Any) -> Any:
    """The party in staff events holds one companion at most."""

    def change(what: str, told: Envelope) -> None:
        if what.startswith("staff"):
            del told["payload"]["party"]["companions"][1:]

    return rewritten(original, change)


@mutant("arrival-without-transition", "events/payload/transition", OUTBOX)
def _(original: Any) -> Any:
    """The transition of booking_checked_in goes from in_house to in_house: it is read after the change."""

    def change(what: str, told: Envelope) -> None:
        if what == "staff booking_checked_in":
            told["payload"]["transition"]["from"] = told["payload"]["transition"]["to"]

    return rewritten(original, change)


@mutant("payload-times-for-people", "events/payload/iso-timestamps", OUTBOX)
def _(original: Any) -> Any:
    """checked_in_at in staff events is written for people, not in ISO 8601."""

    def change(what: str, told: Envelope) -> None:
        moment = told["payload"].get("checked_in_at")
        if what.startswith("staff") and moment is not None:
            told["payload"]["checked_in_at"] = f"{datetime.fromisoformat(moment):%d/%m/%Y %H:%M}"

    return rewritten(original, change)


@mutant("guest-arrival-without-room", "events/payload/guest-check-in", OUTBOX)
def _(original: Any) -> Any:
    """The guest's booking_checked_in has no room_number."""

    def change(what: str, told: Envelope) -> None:
        if what == "guest booking_checked_in":
            told["payload"]["room_number"] = None

    return rewritten(original, change)


@mutant("guests-in-company-get-no-token", "events/payload/guest-token", OUTBOX)
def _(original: Any) -> Any:
    """The guest's booking_checked_in has guest_token null when the guest travels with others."""

    def change(what: str, told: Envelope) -> None:
        if what == "guest booking_checked_in" and told["payload"]["party_size"] > 1:
            told["payload"]["guest_token"] = None

    return rewritten(original, change)


@mutant("guest-departs-confirmed", "events/payload/guest-check-out", OUTBOX)
def _(original: Any) -> Any:
    """The guest's booking_checked_out still has the status CONFIRMED."""

    def change(what: str, told: Envelope) -> None:
        if what == "guest booking_checked_out":
            told["payload"]["status"] = "CONFIRMED"

    return rewritten(original, change)


@mutant("guest-event-names-the-companion", "privacy/guest-event", OUTBOX)
def _(original: Any) -> Any:
    """The guest's events say with whom the guest travels, two levels down."""
    companions: dict[str, Any] = {}

    def change(what: str, told: Envelope) -> None:
        booking_id = told["payload"].get("booking_id", "")
        if what.startswith("staff"):
            companions[booking_id] = [one["full_name"] for one in told["payload"]["party"]["companions"]]
        elif what.startswith("guest"):
            told["payload"]["guest"]["travels_with"] = companions.get(booking_id, [])

    return rewritten(original, change)


@mutant("next-guest-reads-the-last-number", "channels/guest/own-booking", OUTBOX)
def _(original: Any) -> Any:
    """The confirmation number in an arriving guest's event is looked up by the room: that of the guest who left it."""
    left: dict[tuple[str, Any], str] = {}

    def change(what: str, told: Envelope) -> None:
        payload = told["payload"]
        if what == "guest booking_checked_out":
            left[payload["hotel"]["slug"], payload["room_number"]] = payload["confirmation_number"]
        elif what == "guest booking_checked_in":
            room = payload["hotel"]["slug"], payload["room_number"]
            payload["confirmation_number"] = left.get(room, payload["confirmation_number"])

    return rewritten(original, change)
