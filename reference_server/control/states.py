"""Provider states: what a scenario of the suite asks the server to be in (schemas/provider_states.yaml).

A stay that is in the house or has left was brought there by `decide` itself, at an earlier time, without its events:
what is arranged cannot drift from what the operations do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from reference_server.control.stage import Stage
from simulator.world import Conversation, Guest, Order, RoomMessage

Bindings = dict[str, Any]
State = Callable[[Stage, Mapping[str, Any]], Bindings]

# In a hotel with the contract's default policy: early check-in opens at 08:00, rooms are promised at 15:00, and the late
# cut-off is 02:00. Where it is four in the morning, neither window is open. An hour is left to the next border.
_EDGES = {"early": 8, "late": 0}
_BETWEEN = 4


def _ready(stage: Stage, params: Mapping[str, Any]) -> Bindings:
    room = stage.room()
    not_staying = params.get("not_staying", 0)
    booking = stage.booking(room_id=room.id, party_size=params["party_size"], not_staying=not_staying)
    if params.get("known_guests"):
        stage.known_guests(booking)
    return stage.bindings(booking, room)


def _in_house(stage: Stage, params: Mapping[str, Any]) -> Bindings:
    room = stage.room()
    mail = "guest@undeliverable.invalid" if params.get("survey_mail") == "fails" else "guest@example.com"
    booking = stage.booking(
        room_id=room.id, party_size=params.get("party_size", 2), days_ago=1, booker_email=mail
    )
    booking, room = stage.check_in(booking)
    if "turnover_notes" in params:
        room = replace(room, turnover_notes=params["turnover_notes"])
        stage.put(room)
    stage.more_tokens(booking, params.get("active_tokens", 1) - 1)
    for _ in range(params.get("walk_ins", 0)):
        stage.guest(booking, room, guest_type="WALKIN")
    for index in range(params.get("conversations", 0)):
        talk = Conversation(stage.number("conversations"), booking.booking_id, room.id)
        stage.put(talk, RoomMessage(stage.number("room_messages"), talk.id, room.id, f"Message {index + 1}"))
    for index in range(params.get("orders", 0)):
        kind = "ORDER" if index % 2 == 0 else "BREAKFAST"
        stage.put(Order(stage.number("orders"), booking.booking_id, room.id, kind))
    return stage.bindings(booking, room)


def _without_room(stage: Stage, params: Mapping[str, Any]) -> Bindings:
    free = stage.room()
    booking = stage.booking(room_id=None, party_size=params["party_size"])
    return stage.bindings(booking, None, free)


def _incomplete_party(stage: Stage, params: Mapping[str, Any]) -> Bindings:
    room = stage.room()
    size = max(params["party_size"], params["missing"] + 1)
    booking = stage.booking(room_id=room.id, party_size=size, unnamed=params["missing"])
    return stage.bindings(booking, room)


def _with_status(stage: Stage, params: Mapping[str, Any]) -> Bindings:
    room = stage.room()
    booking = stage.booking(room_id=room.id, status=params["status"])
    return stage.bindings(booking, room)


def _departed(stage: Stage, params: Mapping[str, Any]) -> Bindings:
    room = stage.room()
    booking = stage.booking(room_id=room.id, party_size=params["party_size"], days_ago=1)
    booking, _ = stage.check_in(booking)
    booking, room = stage.check_out(booking)
    return stage.bindings(booking, stage.made_ready(room))


def _room_not_ready(stage: Stage, params: Mapping[str, Any]) -> Bindings:
    if params.get("occupied"):
        other = _in_house(stage, {})
        room = stage.room_by_id(other["room_id"])
    else:
        room = stage.room(**params)
    booking = stage.booking(room_id=room.id)
    return stage.bindings(booking, room)


def _outside_window(stage: Stage, params: Mapping[str, Any]) -> Bindings:
    window = params["window"]
    if window == "too_early":
        stage = stage.at_hour(_BETWEEN)
    days_ago = {"wrong_date": -3, "too_early": 0, "too_late": 5}[window]
    room = stage.room()
    booking = stage.booking(room_id=room.id, days_ago=days_ago, nights=9)
    return stage.bindings(booking, room)


def _at_edge(stage: Stage, params: Mapping[str, Any]) -> Bindings:
    edge = params["edge"]
    stage = stage.on_another_date() if edge == "other_date" else stage.at_hour(_EDGES[edge])
    room = stage.room()
    booking = stage.booking(room_id=room.id, days_ago=1 if edge == "late" else 0)
    return stage.bindings(booking, room)


def _several_reasons(stage: Stage, params: Mapping[str, Any]) -> Bindings:
    reasons = params["reasons"]
    room = None if "no_room" in reasons else stage.room(
        room_status="CHECKOUT_DIRTY" if "room" in reasons else "READY_FOR_GUEST"
    )  # fmt: skip
    booking = stage.booking(
        room_id=None if room is None else room.id,
        status="CANCELLED" if "status" in reasons else "CONFIRMED",
        unnamed=1 if "party" in reasons else 0,
        days_ago=-3 if "window" in reasons else 0,
    )
    return stage.bindings(booking, room)


def _two_on_one_room(stage: Stage, params: Mapping[str, Any]) -> Bindings:
    room = stage.room()
    booking, other = stage.booking(room_id=room.id), stage.booking(room_id=room.id)
    return {**stage.bindings(booking, room), "other_booking_id": other.booking_id}


def _stays_in_a_row(stage: Stage, params: Mapping[str, Any]) -> Bindings:
    bindings = _in_house(stage, {})
    second, third = (stage.booking(room_id=bindings["room_id"]) for _ in range(2))
    return {**bindings, "other_booking_id": second.booking_id, "third_booking_id": third.booking_id}


def _with_orphan(stage: Stage, params: Mapping[str, Any]) -> Bindings:
    bindings = _in_house(stage, {})
    room = stage.room_by_id(bindings["room_id"])
    orphan = stage.guest(stage.booking_by_id(bindings["booking_id"]), room, guest_type="WALKIN")
    stage.put(replace(orphan, booking_id=None))
    return bindings


def _with_stranger(stage: Stage, params: Mapping[str, Any]) -> Bindings:
    bindings, strangers = _in_house(stage, {}), _in_house(stage, {})
    room = stage.room_by_id(bindings["room_id"])
    stranger: Guest = stage.guests_of(strangers["booking_id"])[0]
    stage.put(replace(stranger, room_id=room.id))
    return bindings


def _room_stuck(stage: Stage, params: Mapping[str, Any]) -> Bindings:
    bindings = _in_house(stage, {})
    # From READY_FOR_GUEST the lifecycle has no way to CHECKOUT_DIRTY.
    stage.put(replace(stage.room_by_id(bindings["room_id"]), room_status="READY_FOR_GUEST"))
    return bindings


def _in_house_and_free_room(stage: Stage, params: Mapping[str, Any]) -> Bindings:
    free = stage.room()
    return {**_in_house(stage, params), "free_room_id": free.id, "free_room_number": free.room_number}


def _taken_room(stage: Stage, params: Mapping[str, Any]) -> Bindings:
    room = stage.room()
    # Who has it comes another day and leaves another day: only the nights overlap.
    stage.booking(room_id=room.id, days_ago=1, nights=4)
    booking = stage.booking(room_id=None)
    return stage.bindings(booking, room)


def _room_in_status(stage: Stage, params: Mapping[str, Any]) -> Bindings:
    room = stage.room(room_status=params["room_status"])
    hotel = stage.hotel
    return {
        "hotel_slug": hotel.slug,
        "hotel_id": hotel.id,
        "room_id": room.id,
        "room_number": room.room_number,
    }


def _other_hotel(stage: Stage, params: Mapping[str, Any]) -> Bindings:
    arrange = _in_house if params["in_house"] else _ready
    return arrange(stage.in_other_hotel(), {"party_size": 1})


def _room_of_other_hotel(stage: Stage, params: Mapping[str, Any]) -> Bindings:
    # Ids are of all hotels; so are the numbers that are given out here.
    return _room_in_status(stage.in_other_hotel(), params)


def _fence(stage: Stage, params: Mapping[str, Any]) -> Bindings:
    free, dirty = stage.room(), stage.room(room_status="CHECKOUT_DIRTY")
    booking = stage.booking(room_id=None)
    return stage.bindings(booking, dirty, free)


STATES: Mapping[str, State] = MappingProxyType(
    {
        "booking ready for check-in": _ready,
        "in-house booking": _in_house,
        "booking without a room": _without_room,
        "booking with an incomplete party": _incomplete_party,
        "booking with status": _with_status,
        "departed booking": _departed,
        "booking whose room is not ready": _room_not_ready,
        "booking outside its arrival window": _outside_window,
        "booking at the edge of its arrival window": _at_edge,
        "booking with several reasons to refuse its check-in": _several_reasons,
        "two bookings on one room": _two_on_one_room,
        "stays that follow each other in one room": _stays_in_a_row,
        "in-house booking with an orphan in the room": _with_orphan,
        "in-house booking with a stranger in the room": _with_stranger,
        "in-house booking whose room cannot change status": _room_stuck,
        "in-house booking and a free room": _in_house_and_free_room,
        "booking and a room taken for its nights": _taken_room,
        "room in status": _room_in_status,
        "booking of another hotel": _other_hotel,
        "room of another hotel": _room_of_other_hotel,
        "fence": _fence,
    }
)
