"""Edits of the contract as people make them, each with what it has to be called for either side."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Any

from contract.diff import Contract
from contract.schema_files import read_yaml, root

Files = dict[str, Any]
BREAKS, MAY, FITS, DOCS = "breaking", "may break", "compatible", "docs-only"


@dataclass(frozen=True)
class Edit:
    """`kind` is the kind of its one change; `consumers` and `providers` the headlines of what it means for them."""

    name: str
    kind: str
    consumers: str
    providers: str
    make: Callable[[Files], object]


def contract_files() -> Files:
    """The contract of the package, parsed anew: whoever edits it spoils nobody's copy."""
    return {
        path: read_yaml(text) if path.endswith(".yaml") else json.loads(text)
        for path, text in texts().items()
        if not path.startswith("examples/")
    }


def texts() -> dict[str, str]:
    """The files of the contract as text."""
    return dict(_walk(root(), ""))


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, str]]:
    found = []
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name not in ("metaschemas", "__pycache__"):
            found += _walk(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith((".json", ".yaml")):
            found.append((prefix + entry.name, entry.read_text(encoding="utf-8")))
    return found


def edited(files: Files, *edits: Edit) -> Contract:
    """A copy of the contract after some edits."""
    new = pickle.loads(pickle.dumps(files))  # several times faster than copy.deepcopy
    for edit in edits:
        edit.make(new)
    return Contract(new, {})


def operation(files: Files, name: str) -> Any:
    paths = files["openapi.yaml"]["paths"]
    return next(one for item in paths.values() for one in item.values() if isinstance(one, dict) and one.get("operationId") == name)  # fmt: skip


def clause(files: Files, name: str) -> Any:
    return next(one for one in files["clauses.yaml"]["clauses"] if one["id"] == name)


def _set(path: str, *steps: Any) -> Callable[[Files], object]:
    """Puts the last of the steps where the others lead in a file."""
    *way, key, value = steps

    def make(files: Files) -> None:
        place = files[path]
        for step in way:
            place = place[step]
        place[key] = copy.deepcopy(value)

    return make


def _drop(path: str, *steps: Any) -> Callable[[Files], object]:
    """Takes away what the steps lead to: a key, an index, or an element of a list by its value."""
    *way, last = steps

    def make(files: Files) -> None:
        place = files[path]
        for step in way:
            place = place[step]
        if isinstance(place, list) and not isinstance(last, int):
            place.remove(last)
        else:
            del place[last]

    return make


def _append(path: str, *steps: Any) -> Callable[[Files], object]:
    *way, value = steps

    def make(files: Files) -> None:
        place = files[path]
        for step in way:
            place = place[step]
        place.append(value)

    return make


def _all(*makes: Callable[[Files], object]) -> Callable[[Files], object]:
    return lambda files: [make(files) for make in makes]


BOOKING = "resources/booking_detail.schema.json"
ROOM = "resources/room.schema.json"
GUEST = "resources/guest_booking.schema.json"
COMMON = "common.schema.json"
ASSIGN = "requests/assign_room.schema.json"
STATUS = "lifecycles/room_status.yaml"


def _move(files: Files) -> None:
    paths = files["openapi.yaml"]["paths"]
    old = next(path for path in paths if path.endswith("/check-in/"))
    paths[old.replace("/check-in/", "/checkin/")] = paths.pop(old)


def _put(files: Files) -> None:
    item = next(item for path, item in files["openapi.yaml"]["paths"].items() if path.endswith("/check-in/"))
    item["put"] = item.pop("post")


def _without(files: Files) -> None:
    paths = files["openapi.yaml"]["paths"]
    del paths[next(path for path in paths if path.endswith("/available-rooms/"))]


def _another(files: Files) -> None:
    one = copy.deepcopy(operation(files, "getBooking"))
    one["operationId"] = "getBookingAgain"
    files["openapi.yaml"]["paths"]["/api/again/"] = {"get": one}


def _of(name: str, change: Callable[[Any], object]) -> Callable[[Files], object]:
    return lambda files: change(operation(files, name))


def _at(name: str, **fields: Any) -> Callable[[Files], object]:
    return lambda files: clause(files, name).update(fields)


def _no_clause(name: str) -> Callable[[Files], object]:
    return lambda files: files["clauses.yaml"]["clauses"].remove(clause(files, name))


def _new_clause(level: str) -> Callable[[Files], object]:
    entry = {"id": "check-in/new", "level": level, "text": "A check-in is quick.", "seed": None, "basis": "chosen", "quotes": [], "observable": True}  # fmt: skip
    return lambda files: files["clauses.yaml"]["clauses"].append(entry)


def _swap(listed: list[Any]) -> None:
    listed[1], listed[2] = listed[2], listed[1]


EDITS = [
    # what a frontend reads and a backend writes
    Edit("reply field no longer required", "schema/required", BREAKS, FITS, _drop(BOOKING, "required", "nights")),
    Edit("reply field may be null", "schema/type", BREAKS, FITS, _set(BOOKING, "properties", "nights", "type", ["integer", "null"])),
    Edit("reply field no longer null", "schema/type", FITS, BREAKS, _set(BOOKING, "properties", "promo_code", "type", "string")),
    Edit("reply field gone", "schema/property-removed", BREAKS, FITS, _all(_drop(ROOM, "properties", "is_bookable"), _drop(ROOM, "required", "is_bookable"))),
    Edit("required reply field", "schema/property-added", FITS, BREAKS, _all(_set(ROOM, "properties", "floor", {"type": "integer"}), _append(ROOM, "required", "floor"))),
    Edit("optional field of an open reply", "schema/property-added", FITS, MAY, _set(ROOM, "properties", "floor", {"type": "integer"})),
    Edit("optional field of a closed reply", "schema/property-added", BREAKS, FITS, _set(GUEST, "properties", "nickname", {"type": "string"})),
    Edit("closed reply opened", "schema/additional-properties", BREAKS, FITS, _drop(GUEST, "additionalProperties")),
    Edit("open, said in words", "schema/additional-properties", FITS, FITS, _set(ROOM, "additionalProperties", True)),
    Edit("another status of rooms", "schema/enum", BREAKS, BREAKS, _append(COMMON, "$defs", "room_status", "enum", "BLOCKED")),
    Edit("another status of bookings", "schema/enum", BREAKS, BREAKS, _append(COMMON, "$defs", "booking_status", "enum", "WAITING")),
    Edit("fewer statuses of tokens", "schema/enum", FITS, BREAKS, _drop(COMMON, "$defs", "token_status", "enum", "REVOKED")),
    Edit("rating up to ten", "schema/maximum", BREAKS, FITS, _set(BOOKING, "properties", "survey_rating", "maximum", 10)),
    Edit("money by another pattern", "schema/pattern", MAY, MAY, _set(COMMON, "$defs", "money", "pattern", "^\\d+\\.\\d{2}$")),
    Edit("money by no pattern", "schema/pattern", BREAKS, FITS, _drop(COMMON, "$defs", "money", "pattern")),
    Edit("a date without format", "schema/format", BREAKS, FITS, _drop(COMMON, "$defs", "date", "format")),
    Edit("nullable said otherwise", "schema/anyOf", FITS, FITS, _set(BOOKING, "properties", "promo_code", {"anyOf": [{"type": "string"}, {"type": "null"}]})),
    Edit("a type as a list of one", "schema/type", FITS, FITS, _set(BOOKING, "properties", "nights", "type", ["integer"])),
    Edit("a reference opened", "schema/$ref", FITS, FITS, _set(BOOKING, "properties", "currency", {"type": "string", "pattern": "^[A-Z]{3}$"})),
    Edit("another shape referred to", "schema/$ref", BREAKS, BREAKS, _set(BOOKING, "properties", "check_in", {"$ref": "../common.schema.json#/$defs/identifier"})),
    Edit("an event says another category", "schema/const", BREAKS, BREAKS, _set("events/room_updated.schema.json", "properties", "category", "const", "room")),
    Edit("the error envelope is optional", "schema/required", BREAKS, FITS, _drop("resources/error.schema.json", "required", "error")),
    Edit("a field described", "schema/words", DOCS, DOCS, _set(BOOKING, "properties", "nights", "description", "Nights of the stay.")),
    # what a frontend writes and a backend reads
    Edit("request field required", "schema/required", BREAKS, FITS, _append(ASSIGN, "required", "notes")),
    Edit("request field optional", "schema/required", FITS, BREAKS, _drop(ASSIGN, "required", "room_id")),
    Edit("optional request field", "schema/property-added", FITS, BREAKS, _set(ASSIGN, "properties", "floor", {"type": "integer"})),
    Edit("request field gone", "schema/property-removed", BREAKS, FITS, _drop(ASSIGN, "properties", "notes")),
    Edit("page size of a hundred by default", "schema/default", BREAKS, BREAKS, _set("requests/list_bookings.schema.json", "properties", "page_size", "default", 100)),
    Edit("larger pages", "schema/maximum", FITS, BREAKS, _set("requests/list_bookings.schema.json", "properties", "page_size", "maximum", 500)),
    Edit("another pattern referred to", "schema/$ref", MAY, MAY, _set(BOOKING, "properties", "check_in", {"$ref": "../common.schema.json#/$defs/timestamp"})),
    Edit("shorter notes", "schema/maxLength", BREAKS, FITS, _set(COMMON, "$defs", "free_text", "maxLength", 100)),
    # operations
    Edit("path moved", "operation/path", BREAKS, BREAKS, _move),
    Edit("method changed", "operation/method", BREAKS, BREAKS, _put),
    Edit("operation gone", "operation/removed", BREAKS, FITS, _without),
    Edit("operation new", "operation/added", FITS, BREAKS, _another),
    Edit("operation renamed", "operation/renamed", MAY, MAY, _of("getBooking", lambda one: one.update(operationId="readBooking"))),
    Edit("staff needed", "operation/security-removed", BREAKS, BREAKS, _of("channelAuth", lambda one: one["security"].pop())),
    Edit("another permission", "operation/permission", BREAKS, BREAKS, _of("listBookings", lambda one: one.update({"x-permission": "bookings.update"}))),
    Edit("one more permission", "operation/permission", FITS, BREAKS, _of("checkIn", lambda one: one.update({"x-permission": ["bookings.checkin", "bookings.update"]}))),
    Edit("query parameter", "parameter/added", FITS, BREAKS, _of("listBookings", lambda one: one["parameters"].append({"name": "sort", "in": "query", "schema": {"type": "string"}}))),
    Edit("required parameter", "parameter/required", BREAKS, FITS, _of("listBookings", lambda one: one["parameters"][0].update(required=True))),
    Edit("parameter gone", "parameter/removed", BREAKS, FITS, _of("listBookings", lambda one: one["parameters"].pop())),
    Edit("no form any more", "request/content-type-removed", BREAKS, FITS, _of("channelAuth", lambda one: one["requestBody"]["content"].pop("application/x-www-form-urlencoded"))),
    Edit("202", "reply/status-added", BREAKS, FITS, _of("checkIn", lambda one: one["responses"].update({"202": {"description": "Later."}}))),
    Edit("header of a reply", "reply/header-added", FITS, BREAKS, _of("checkIn", lambda one: one["responses"]["200"].update(headers={"X-Trace": {"schema": {"type": "string"}}}))),
    Edit("refusal new", "refusal/added", BREAKS, BREAKS, _of("getBooking", lambda one: one["x-refusals"].append({"code": "ROOM_NOT_READY", "when": "never"}))),
    Edit("refusal new, with its code", "refusal/added", BREAKS, BREAKS, _all(_of("getBooking", lambda one: one["x-refusals"].append({"code": "ROOM_NOT_FOUND", "when": "never"})), _of("getBooking", lambda one: one["responses"]["404"]["x-codes"].append("ROOM_NOT_FOUND")))),
    Edit("code under another status", "reply/code-added", BREAKS, BREAKS, _of("getBooking", lambda one: one["responses"]["403"]["x-codes"].append("BOOKING_NOT_FOUND"))),
    Edit("refusal gone", "refusal/removed", BREAKS, BREAKS, _of("getBooking", lambda one: one["x-refusals"].pop())),
    Edit("refusals in another order", "refusal/order", BREAKS, BREAKS, _of("getBooking", lambda one: _swap(one["x-refusals"]))),
    Edit("refusal described", "refusal/words", DOCS, DOCS, _of("getBooking", lambda one: one["x-refusals"][0].update(when="no token"))),
    Edit("code with another status", "schema/extension", BREAKS, BREAKS, _set("resources/error_code.schema.json", "oneOf", 0, "x-status", 403)),
    Edit("event of an operation", "event/added", FITS, BREAKS, _of("markCleaned", lambda one: one["x-events"].append({**one["x-events"][0], "event": "room_occupancy_updated"}))),
    Edit("event of an operation gone", "event/removed", BREAKS, FITS, _of("checkIn", lambda one: one["x-events"].pop())),
    Edit("event per booking", "event/per", BREAKS, BREAKS, _of("checkIn", lambda one: one["x-events"][1].update(per="booking"))),
    Edit("no repeats", "repeat/removed", BREAKS, FITS, _of("checkIn", lambda one: one.pop("x-idempotent"))),
    Edit("repeats answered later", "repeat/after", BREAKS, BREAKS, _of("checkIn", lambda one: one["x-idempotent"].update(after="PERMISSION_DENIED"))),
    Edit("one more effect", "effect/may-change", BREAKS, FITS, _of("checkIn", lambda one: one["x-changes"]["booking"].append("adults"))),
    Edit("one effect less", "effect/may-not-change", FITS, BREAKS, _of("checkIn", lambda one: one["x-changes"]["booking"].remove("flags"))),
    Edit("operation described", "operation/words", DOCS, DOCS, _of("checkIn", lambda one: one.update(summary="Check in"))),
    Edit("an extension nobody knows", "operation/x-cache", MAY, MAY, _of("checkIn", lambda one: one.update({"x-cache": True}))),
    Edit("header of another origin", "cors/header-removed", BREAKS, FITS, _drop("openapi.yaml", "x-cors", "allow_headers", "idempotency-key")),
    Edit("tokens in a cookie", "security/scheme", BREAKS, BREAKS, _set("openapi.yaml", "components", "securitySchemes", "staffToken", "in", "cookie")),
    # events
    Edit("channel renamed", "channel/address", BREAKS, BREAKS, _set("asyncapi.yaml", "channels", "rooms", "address", "private-{hotel_slug}.rooms")),
    Edit("channel gone", "channel/removed", BREAKS, FITS, _drop("asyncapi.yaml", "channels", "guest")),
    Edit("event renamed", "message/name", BREAKS, BREAKS, _set("asyncapi.yaml", "components", "messages", "RoomUpdated", "name", "room_changed")),
    Edit("event elsewhere too", "channel/message-added", FITS, BREAKS, _set("asyncapi.yaml", "channels", "guest", "messages", "RoomUpdated", {"$ref": "#/components/messages/RoomUpdated"})),
    Edit("guests need no signature", "send/security", FITS, BREAKS, _drop("asyncapi.yaml", "operations", "sendGuestBookingCheckedIn", "security")),
    # lifecycles, roles, the arrival window
    Edit("transition new", "transition/added", FITS, BREAKS, _set(STATUS, "transitions", "OCCUPIED", "OUT_OF_ORDER", {"via": ["housekeeping"], "roles": ["manager"], "basis": "chosen"})),
    Edit("transition gone", "transition/removed", BREAKS, BREAKS, _drop(STATUS, "transitions", "CHECKOUT_DIRTY", "READY_FOR_GUEST")),
    Edit("transition for one role less", "transition/roles-removed", BREAKS, BREAKS, _drop(STATUS, "transitions", "READY_FOR_GUEST", "OCCUPIED", "roles", "front_desk")),
    Edit("transition for one role more", "transition/roles-added", FITS, BREAKS, _append(STATUS, "transitions", "CHECKOUT_DIRTY", "CLEANED_UNINSPECTED", "roles", "housekeeping")),
    Edit("an effect of a status", "effect/removed", BREAKS, FITS, _drop(STATUS, "on_enter", "READY_FOR_GUEST", "set", "maintenance_notes")),
    Edit("a booking departs otherwise", "transition/to", BREAKS, BREAKS, _set("lifecycles/booking.yaml", "transitions", "in_house/CONFIRMED", "check_out", "to", "departed/CONFIRMED")),
    Edit("where a transition comes from", "transition/words", DOCS, DOCS, _set(STATUS, "transitions", "READY_FOR_GUEST", "OUT_OF_ORDER", "basis", "chosen")),
    Edit("a role may more", "role/action-added", FITS, BREAKS, _append("roles.yaml", "roles", "housekeeping", "actions", "rooms", "maintenance_clear")),
    Edit("a role may less", "role/action-removed", BREAKS, BREAKS, _drop("roles.yaml", "roles", "front_desk", "actions", "bookings", "checkout")),
    Edit("a later arrival", "arrival/policy", BREAKS, BREAKS, _set("arrival.yaml", "default_policy", "late_arrival_cutoff", "03:00")),
    # clauses
    Edit("a new MUST", "clause/added", FITS, BREAKS, _new_clause("MUST")),
    Edit("a new SHOULD", "clause/added", FITS, FITS, _new_clause("SHOULD")),
    Edit("a MUST gone", "clause/removed", BREAKS, FITS, _no_clause("endpoints/check-in/path")),
    Edit("a SHOULD gone", "clause/removed", FITS, FITS, _no_clause("endpoints/check-in/reply")),
    Edit("SHOULD to MUST", "clause/level", FITS, BREAKS, _at("endpoints/check-in/reply", level="MUST")),
    Edit("MUST to SHOULD", "clause/level", BREAKS, FITS, _at("endpoints/check-in/path", level="SHOULD")),
    Edit("MAY to SHOULD", "clause/level", FITS, FITS, _at("endpoints/check-in/reply", level="MAY")),
    Edit("a clause reworded", "clause/text", DOCS, DOCS, _at("endpoints/check-in/path", text="A check-in is a POST.")),
    Edit("a clause renamed", "clause/renamed", FITS, FITS, _at("endpoints/check-in/path", id="endpoints/check-in/where")),
    Edit("a note", "clause/words", DOCS, DOCS, _at("endpoints/check-in/path", note="A note.")),
    # what the suite asks of a backend
    Edit("a state new", "provider-state/added", FITS, MAY, _set("provider_states.yaml", "states", "flood", {"description": "Water.", "params": {}, "bindings": {}})),
    Edit("a state gone", "provider-state/removed", FITS, FITS, _drop("provider_states.yaml", "states", "in-house booking")),
    Edit("a state takes more", "schema/maximum", FITS, MAY, _set("provider_states.yaml", "states", "in-house booking", "params", "properties", "orders", "maximum", 9)),
    Edit("a probe gone", "probe/removed", FITS, FITS, _drop("probes.yaml", "probes", "device")),
    Edit("a probe by other keys", "probe/subject", FITS, BREAKS, _set("probes.yaml", "probes", "device", "subject", ["room_id"])),
    Edit("a probe tells less", "schema/required", FITS, FITS, _drop("probes/token_record.schema.json", "required", 0)),
    Edit("a probe has to tell more", "schema/property-added", FITS, BREAKS, _all(_set("probes/device_record.schema.json", "properties", "maker", {"type": "string"}), _append("probes/device_record.schema.json", "required", "maker"))),
    # staycheck's own files
    Edit("a report of another shape", "schema/property-added", FITS, FITS, _set("files/report.schema.json", "properties", "moon", {"type": "string"})),
]  # fmt: skip
