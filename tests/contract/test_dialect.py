"""Dialects: what is said in other words is read back the same, and nothing missing is ever made up."""

import copy
from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.channels import Channel
from contract.dialect import Dialect, DialectError, identity, parse_dialect
from contract.dialect_fields import titled_fields
from contract.errors import error_body, error_codes
from contract.events import EventKind, event_kinds
from contract.operations import operation, operations
from contract.schema_store import SchemaViolation
from tests.contract.instances import RANDOMS, make, places

HOTELS = {"grand-demo": 1, "h": 2, "2_b": 3}
KEYS = {"hotel_slug": "grand-demo", "hotel_id": 1, "booking_id": "BK-1", "room_id": 7, "room_number": 101}
SUCCESSES = [
    (one.id, status, ref)
    for one in operations().values()
    for status, ref in one.reply_schemas.items()
    if status < 400
]
REQUESTS = [(one.id, one.request_schema) for one in operations().values() if one.request_schema is not None]
TITLES = titled_fields(
    *(f"{kind.schema}#/properties/payload" for kind in event_kinds().values()),
    *(ref for _, _, ref in SUCCESSES),
    *(ref for _, ref in REQUESTS),
)
CHANGES = sorted(one.id for one in operations().values() if one.method == "POST" and one.id != "channelAuth")
READS = sorted(one.id for one in operations().values() if one.method == "GET")
WRAPPERS: list[dict[str, Any]] = [
    {"key": "data"},
    {"key": "data", "errors": {"key": "data"}},
    {"key": "result", "constants": {"success": True}, "errors": {"constants": {"success": False}}},
    {"key": "room", "constants": {"status": "ok", "version": 2, "message": None}, "errors": {"key": "error"}},
    {"errors": {"key": "result", "constants": {"ok": False}}},
]
EVENT_NAMES = sorted({kind.name for kind in event_kinds().values()})
QUICK = settings(max_examples=60, deadline=None)


def some_dialect(random: Random) -> dict[str, Any]:
    """A document of a dialect that can be, with a bit of everything."""
    fields: dict[str, dict[str, str]] = {}
    for title in random.sample(sorted(TITLES), 12):
        for name in random.sample(sorted(TITLES[title]), min(3, len(TITLES[title]))):
            fields.setdefault(title, {})[name] = random.choice(
                [f"its_{name}", f"nest_{title}.{name}", f"a.b.{title}.{name}"]
            )
        if random.random() < 0.3 and len(fields[title]) > 1:
            one, other, *_ = fields[title]
            fields[title] = {one: other, other: one}
    document = {
        "name": "some",
        "base_path": random.choice(["", "/v2", "/v2/"]),
        "paths": {"checkIn": "/hotels/{hotel_slug}/stays/{booking_id}/arrive", "startCleaning": "/rooms/{room}/clean/{hotel_slug}"},
        "auth": {"header": "X-Key", "scheme": random.choice(["", "Bearer", "Token"]), "login_token": "/data/key"},
        "channels": {
            "staff": random.choice(["{hotel_slug}.room-bookings", "staff-{hotel_id}", "{hotel_slug}.rooms"]),
            "rooms": random.choice(["{hotel_slug}.rooms", "hotel-{hotel_id}-rooms"]),
            "guest": random.choice(["private-{booking_id}", "private-{hotel_slug}.guest.{booking_id}"]),
        },
        "event_names": {name: f"ev.{name}" for name in random.sample(EVENT_NAMES, 3)},
        "envelope": {
            "category": random.choice(["category", "cat", None]),
            "event_type": random.choice(["event_type", None, "kind", "type"]),
            "type": random.choice(["type", None, "what"]),
            "payload": random.choice(["payload", "body", None]),
            "meta": random.choice(["meta", "about"]),
            "event_id": random.choice(["event_id", "id"]),
            "ts": random.choice(["ts", "at"]),
        },
        "categories": {name: f"cat-{name}" for name in random.sample(EVENT_NAMES, 2)},
        "methods": {
            **{name: random.choice(["PUT", "PATCH", "DELETE", "POST"]) for name in random.sample(CHANGES, 4)},
            **{name: random.choice(["GET", "POST"]) for name in random.sample(READS, 2)},
        },
        "wrapper": random.choice(WRAPPERS),
        "errors": random.sample(["nested", "flat_error_detail", "code_message", "non_field_errors"], 2),
        "fields": fields,
    }  # fmt: skip
    return {key: value for key, value in document.items() if key == "name" or random.random() < 0.7}


@cache
def dialect_of(seed: int) -> Dialect:
    """A dialect made by chance; where two swaps of one object collide, it cannot be, and another chance is taken."""
    random = Random(seed)
    while True:
        try:
            return parse_dialect(some_dialect(random), HOTELS)
        except DialectError:
            continue


DIALECTS = st.integers(0, 29).map(dialect_of)


def some_event(kind: EventKind, random: Random) -> tuple[str, str, Any]:
    key = {"rooms": "grand-demo", "staff": "1", "guest": "BK-1"}[kind.channel]
    data = make(kind.schema, random)
    data["meta"]["hotel_slug"] = "grand-demo"
    return Channel(kind.channel, key).name, kind.name, data


@settings(QUICK, max_examples=150)
@given(DIALECTS, st.sampled_from(list(event_kinds().values())), RANDOMS)
def test_an_event_said_in_a_dialect_is_read_back(dialect: Dialect, kind: EventKind, random: Random) -> None:
    event = some_event(kind, random)
    assert dialect.to_canonical_event(*dialect.to_wire_event(*event)) == event


@QUICK
@given(DIALECTS, st.sampled_from(SUCCESSES), RANDOMS)
def test_an_answer_said_in_a_dialect_is_read_back(
    dialect: Dialect, success: tuple[str, int, str], random: Random
) -> None:
    operation_id, status, ref = success
    body = make(ref, random)
    said = dialect.to_wire_reply(operation_id, status, body)
    assert dialect.to_canonical_reply(operation_id, status, said) == body


@QUICK
@given(DIALECTS, st.sampled_from(REQUESTS), RANDOMS)
def test_a_request_said_in_a_dialect_is_read_back(
    dialect: Dialect, request: tuple[str, str], random: Random
) -> None:
    operation_id, ref = request
    body = make(ref, random)
    assert dialect.to_canonical_request(operation_id, dialect.to_wire_request(operation_id, body)) == body


@QUICK
@given(DIALECTS, st.sampled_from(sorted(error_codes())), st.booleans(), st.sampled_from(list(operations())))
def test_a_refusal_said_in_a_dialect_is_read_back(
    dialect: Dialect, code: str, detailed: bool, operation_id: str
) -> None:
    body = error_body(code, None, {"room_status": "OCCUPIED"} if detailed else None)
    said = dialect.to_wire_reply(operation_id, 400, body)
    assert dialect.to_canonical_reply(operation_id, 400, said) == body


@QUICK
@given(DIALECTS, st.sampled_from(list(operations().values())))
def test_a_path_of_a_dialect_is_read_back(dialect: Dialect, one: Any) -> None:
    path = dialect.to_wire_path(one.id, KEYS)
    found = dialect.to_canonical_path(dialect.to_wire_method(one.id), path)
    assert found == (one, {name: str(KEYS[name]) for name in one.path_parameters})


@QUICK
@given(DIALECTS, st.sampled_from(list(event_kinds().values())), RANDOMS)
def test_what_is_dropped_on_the_wire_is_missing_and_nothing_is_made_up(
    dialect: Dialect, kind: EventKind, random: Random
) -> None:
    event = some_event(kind, random)
    channel, name, data = copy.deepcopy(dialect.to_wire_event(*event))
    dropped = random.choice([path for path in places(data) if path and isinstance(path[-1], str)])
    parent = data
    for step in dropped[:-1]:
        parent = parent[step]
    del parent[dropped[-1]]
    read = dialect.to_canonical_event(channel, name, data)[2]
    assert read != event[2]
    assert set(places(read)) < set(places(event[2]))


@QUICK
@given(DIALECTS, st.sampled_from(SUCCESSES), RANDOMS)
def test_what_is_dropped_from_a_wrapped_answer_is_missing(
    dialect: Dialect, success: tuple[str, int, str], random: Random
) -> None:
    operation_id, status, ref = success
    body = make(ref, random)
    said = copy.deepcopy(dialect.to_wire_reply(operation_id, status, body))
    named = [path for path in places(said) if path and isinstance(path[-1], str)]
    if not named:
        return
    dropped = random.choice(named)
    parent = said
    for step in dropped[:-1]:
        parent = parent[step]
    del parent[dropped[-1]]
    assert dialect.to_canonical_reply(operation_id, status, said) != body


@QUICK
@given(st.sampled_from(list(event_kinds().values())), RANDOMS)
def test_the_contracts_own_words_are_free(kind: EventKind, random: Random) -> None:
    event = some_event(kind, random)
    dialect = parse_dialect({"name": "plain"})
    assert dialect.to_wire_event(*event)[2] is event[2]
    assert dialect.to_canonical_event(*event)[2] is event[2]
    body: dict[str, Any] = {}
    assert identity().to_wire_reply("checkIn", 200, body) is body
    assert identity().to_canonical_reply("checkIn", 404, body) is body
    assert identity().to_wire_path("checkIn", KEYS) == operation("checkIn").fill_path(KEYS)


def test_the_dialect_seen_in_the_wild() -> None:
    dialect = parse_dialect(
        {
            "name": "wild",
            "channels": {"staff": "{hotel_slug}.room-bookings"},
            "envelope": {"event_type": None},
            "categories": {"room_occupancy_updated": "room_occupancy"},
            "fields": {"Room": {"guests_in_room": "occupants"}},
            "paths": {"setRoomStatus": "/api/rooms/{room_number}/status/?h={hotel_slug}"},
            "errors": ["flat_error_detail", "non_field_errors"],
        },
        HOTELS,
    )
    payload = {"room_number": 101, "occupants": [{"id": 1}], "changed_fields": ["occupants", "room_status"]}
    wire = {"category": "rooms", "type": "room_updated", "payload": payload, "meta": {"event_id": "e"}}
    channel, name, data = dialect.to_canonical_event("grand-demo.rooms", "room_updated", wire)
    assert (channel, name) == ("grand-demo.rooms", "room_updated")
    assert data == {
        "category": "rooms",
        "event_type": "room_updated",
        "type": "room_updated",
        "payload": {
            "room_number": 101,
            "guests_in_room": [{"id": 1}],
            "changed_fields": ["guests_in_room", "room_status"],
        },
        "meta": {"event_id": "e"},
    }
    assert dialect.to_canonical_channel("grand-demo.room-bookings") == "staff-hotel-1"
    assert dialect.to_wire_channel("staff-hotel-1") == "grand-demo.room-bookings"
    assert dialect.to_wire_path("setRoomStatus", KEYS) == "/api/rooms/101/status/?h=grand-demo"
    refused = dialect.to_canonical_reply(
        "checkIn", 400, {"error": "ROOM_NOT_READY", "detail": "Room is dirty."}
    )
    assert refused == {"error": {"code": "ROOM_NOT_READY", "message": "Room is dirty."}}
    bare = dialect.to_canonical_reply("staffLogin", 400, {"non_field_errors": ["Wrong", "password."]})
    assert bare == {"error": {"message": "Wrong password."}}
    assert dialect.to_canonical_reply("checkIn", 500, "<html>") == "<html>"


def test_renames_reach_every_depth_where_the_title_stands() -> None:
    dialect = parse_dialect(
        {"name": "x", "fields": {"Room": {"room_number": "number"}, "RoomTypeInfo": {"capacity": "beds.max"}}}
    )
    room = {"room_number": 5, "room_type_info": {"id": 1, "capacity": 2}}
    said = {"number": 5, "room_type_info": {"id": 1, "beds": {"max": 2}}}
    board = {"OCCUPIED": {"rooms": [room]}}
    assert dialect.to_wire_reply("roomsBoard", 200, board) == {"OCCUPIED": {"rooms": [said]}}
    assert dialect.to_wire_reply("listRooms", 200, {"results": [room, room]}) == {"results": [said, said]}
    assert dialect.to_wire_reply("getRoom", 200, room) == said


def test_a_field_that_only_looks_like_the_contracts_is_kept_apart() -> None:
    dialect = parse_dialect({"name": "x", "fields": {"Room": {"room_number": "number"}}})
    assert dialect.to_canonical_reply("getRoom", 200, {"room_number": 5, "id": 1}) == {
        "wire:room_number": 5,
        "id": 1,
    }
    envelope = parse_dialect({"name": "x", "envelope": {"event_id": "id", "meta": "about"}})
    read = envelope.to_canonical_event("h.rooms", "room_updated", {"about": {"event_id": "e"}, "meta": 1})[2]
    assert read == {"meta": {"wire:event_id": "e"}, "wire:meta": 1}


def test_the_token_of_a_login_is_found_where_the_dialect_says() -> None:
    dialect = parse_dialect({"name": "x", "auth": {"login_token": "/data/key", "scheme": "Bearer"}})
    assert dialect.to_canonical_reply("staffLogin", 200, {"data": {"key": "t"}, "role": "manager"}) == {
        "token": "t",
        "role": "manager",
    }
    assert dialect.auth.credentials("t") == {"Authorization": "Bearer t"}
    assert dialect.auth.credentials("g", guest=True) == {"Authorization": "GuestToken g"}


def test_credentials_are_read_back() -> None:
    plain = identity().auth
    assert plain.read("Token abc") == ("staff", "abc")
    assert plain.read("guesttoken  abc") == ("guest", "abc")
    assert plain.read("Bearer abc") is None
    assert plain.read("Token ") is None
    bare = parse_dialect({"name": "x", "auth": {"scheme": "", "guest_scheme": ""}}).auth
    assert bare.read("abc") == ("any", "abc")
    assert bare.credentials("abc") == {"Authorization": "abc"}


def test_an_event_on_the_channel_of_another_hotel_stays_there() -> None:
    dialect = parse_dialect({"name": "x", "channels": {"staff": "{hotel_slug}.bookings"}}, HOTELS)
    data = {"meta": {"hotel_slug": "grand-demo"}}
    assert dialect.to_wire_event("staff-hotel-2", "booking_checked_out", data)[0] == "h.bookings"
    assert dialect.to_wire_event("staff-hotel-9", "booking_checked_out", data)[0] == "grand-demo.bookings"


def test_when_kinds_share_a_channel_the_event_decides() -> None:
    dialect = parse_dialect({"name": "x", "channels": {"staff": "{hotel_slug}.rooms"}}, HOTELS)
    assert dialect.to_canonical_channel("grand-demo.rooms", "booking_updated") == "staff-hotel-1"
    assert dialect.to_canonical_channel("grand-demo.rooms", "room_updated") == "grand-demo.rooms"
    assert dialect.to_canonical_channel("grand-demo.rooms") == "grand-demo.rooms"


def test_what_the_dialect_does_not_know_passes_unchanged() -> None:
    dialect = parse_dialect(
        {"name": "x", "channels": {"staff": "{hotel_slug}.b"}, "event_names": {"room_updated": "ru"}}
    )
    assert dialect.to_canonical_event("elsewhere", "nothing", [1]) == ("elsewhere", "nothing", [1])
    assert dialect.to_wire_channel("staff-hotel-9") == "staff-hotel-9"
    assert dialect.with_hotels({"nine": 9}).to_wire_channel("staff-hotel-9") == "nine.b"
    assert dialect.to_canonical_path("GET", "/nowhere/") is None
    with pytest.raises(KeyError, match="booking_id"):
        dialect.to_wire_path("checkIn", {"hotel_slug": "h"})


@pytest.mark.parametrize(
    ("part", "complaint"),
    [
        ({"fields": {"Rom": {}}}, "no schema has the title 'Rom'; did you mean 'Room'?"),
        ({"fields": {"Room": {"guest_in_room": "x"}}}, "has no field 'guest_in_room'; did you mean 'guests_in_room'?"),
        ({"fields": {"Room": {"room_number": "id"}}}, "id and room_number of Room both become 'id'"),
        ({"fields": {"Room": {"room_number": "room_type_info.n"}}}, "one inside the other"),
        ({"paths": {"checkin": "/x"}}, "the contract has no operation 'checkin'"),
        ({"paths": {"checkIn": "/{id}"}}, "which is no parameter of the contract"),
        ({"paths": {"checkIn": "/x/{room_id}", "checkOut": "/x/{booking_id}"}}, "checkIn and checkOut have the same path"),
        ({"methods": {"checkin": "PUT"}}, "the contract has no operation 'checkin'"),
        ({"methods": {"checkIn": "GET"}}, "checkIn changes something, so it can be POST, PUT, PATCH, DELETE, and not GET"),
        ({"methods": {"getRoom": "DELETE"}}, "getRoom reads, so it can be GET, POST, and not DELETE"),
        ({"methods": {"channelAuth": "PUT"}}, "Pusher's clients, which POST"),
        ({"paths": {"checkIn": "/x/{booking_id}", "getBooking": "/x/{booking_id}"}, "methods": {"getBooking": "POST"}},
         "getBooking have the same path and method"),
        ({"wrapper": {"constants": {"ok": True}}}, "no key says what the reply stands under"),
        ({"wrapper": {"key": "ok", "constants": {"ok": True}}}, "'ok' is the key of the reply and a constant beside it"),
        ({"wrapper": {"errors": {"constants": {"error": True}}}}, "the constant 'error' is a part of the refusals"),
        ({"wrapper": {"errors": {"constants": {"detail": ""}}}, "errors": ["nested", "flat_error_detail"]}, "'detail' is a part"),
        ({"channels": {"staff": "all"}}, "needs {hotel_slug}"),
        ({"channels": {"guest": "private-{booking_id}.{room}"}}, "may hold"),
        ({"event_names": {"room_updated": "x", "room_occupancy_updated": "x"}}, "are both 'x'"),
        ({"channels": {"staff": "{hotel_slug}.rooms"}, "event_names": {"room_updated": "x", "booking_updated": "x"}},
         "and both have an event 'x'"),
        ({"envelope": {"category": "meta"}}, "two keys have the same name"),
        ({"envelope": {"ts": "scope"}}, "two keys of meta have the same name"),
        ({"envelope": {"payload": None, "category": "room_type"}}, "'room_type' is a key of the envelope"),
        ({"auth": {"login_token": "token"}}, "begins with a slash"),
    ],
)  # fmt: skip
def test_a_dialect_that_cannot_be_is_refused_in_a_sentence(part: dict[str, Any], complaint: str) -> None:
    with pytest.raises(DialectError) as caught:
        parse_dialect({"name": "x", **part})
    assert complaint in str(caught.value)


def test_a_document_that_is_no_dialect_is_refused() -> None:
    with pytest.raises(SchemaViolation, match="chanels is not allowed here; did you mean channels"):
        parse_dialect({"name": "x", "chanels": {}})


def test_a_guest_channel_that_anybody_may_listen_to_is_no_dialect() -> None:
    """Called private-guest-booking in the history, it would hide that the raw token stands in public."""
    with pytest.raises(SchemaViolation, match="guest"):
        parse_dialect({"name": "x", "channels": {"guest": "guest-{booking_id}"}})
    parse_dialect({"name": "x", "channels": {"guest": "presence-{booking_id}"}})


def test_what_is_not_sent_may_be_said_in_a_format_without_null() -> None:
    words = {"event_type": False, "payload": False, "category": False}
    silent = {"event_type": None, "payload": None, "category": None}
    assert (
        parse_dialect({"name": "x", "envelope": words}).envelope
        == parse_dialect({"name": "x", "envelope": silent}).envelope
    )
