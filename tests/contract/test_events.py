"""The events are those of asyncapi.yaml, their envelopes keep their schemas, and changed fields are exact."""

from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.events import EventKind, UnknownEvent, changed_fields, event_kinds, event_schema, make_envelope
from contract.schema_store import schema_store
from tests.contract.instances import RANDOMS, make


def test_there_are_eight_events() -> None:
    assert [(kind.channel, kind.name, kind.category, kind.message) for kind in event_kinds().values()] == [
        ("rooms", "room_updated", "rooms", "RoomUpdated"),
        ("rooms", "room_occupancy_updated", "rooms", "RoomOccupancyUpdated"),
        ("staff", "booking_checked_in", "room_booking", "StaffBookingCheckedIn"),
        ("staff", "booking_checked_out", "room_booking", "StaffBookingCheckedOut"),
        ("staff", "booking_updated", "room_booking", "StaffBookingUpdated"),
        ("guest", "booking_checked_in", "room_booking", "GuestBookingCheckedIn"),
        ("guest", "booking_checked_out", "room_booking", "GuestBookingCheckedOut"),
        ("guest", "booking_room_assigned", "room_booking", "GuestBookingRoomAssigned"),
    ]


def test_the_scope_names_the_room_or_the_booking() -> None:
    for kind in event_kinds().values():
        assert kind.scope == (("room_id", "room_number") if kind.channel == "rooms" else ("booking_id",))


@settings(max_examples=30, deadline=None)
@given(kind=st.sampled_from(list(event_kinds().values())), random=RANDOMS)
def test_an_envelope_made_here_keeps_the_schema_of_its_event(kind: EventKind, random: Random) -> None:
    whole = make(kind.schema, random)
    envelope = make_envelope(
        kind.channel,
        kind.name,
        whole["payload"],
        event_id="e-1",
        hotel_slug="grand-demo",
        ts=datetime(2026, 1, 16, 15, tzinfo=UTC),
        scope={key: whole["meta"]["scope"][key] for key in kind.scope},
    )
    assert schema_store().problems(event_schema(kind.channel, kind.name), envelope) == []
    assert envelope["meta"]["ts"] == "2026-01-16T15:00:00.000000Z"


def test_an_event_on_the_wrong_channel_is_unknown() -> None:
    with pytest.raises(UnknownEvent, match="no event 'room_updated' on the guest channel"):
        event_schema("guest", "room_updated")


def test_changed_fields_are_those_that_differ_sorted() -> None:
    before = {"is_occupied": False, "room_status": "READY_FOR_GUEST", "id": 1, "guests_in_room": []}
    after = {"is_occupied": True, "room_status": "OCCUPIED", "id": 1, "guests_in_room": [{"id": 7}]}
    assert changed_fields(before, after) == ["guests_in_room", "is_occupied", "room_status"]
    assert changed_fields({"a": None}, {}) == ["a"]


@given(
    st.dictionaries(st.text(), st.integers() | st.none()),
    st.dictionaries(st.text(), st.integers() | st.none()),
)
def test_nothing_changed_exactly_when_equal(
    before: dict[str, int | None], after: dict[str, int | None]
) -> None:
    assert (changed_fields(before, after) == []) == (before == after)
    assert changed_fields(before, after) == changed_fields(after, before)
