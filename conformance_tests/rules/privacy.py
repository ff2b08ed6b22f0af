"""What a guest must not see: forbidden fields at any depth, and the values of forbidden fields under any name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance_tests.entries import Operation, mapping
from conformance_tests.episode import Episode
from conformance_tests.rule import OK, Finding, Violation, rule
from conformance_tests.rules.facts import GUEST_READS, succeeded
from conformance_tests.rules.values import dig, leaves, strings

FORBIDDEN = frozenset(
    ("internal_notes", "id_pin", "booker", "payment_reference", "payment_provider", "turnover_notes",
     "maintenance_notes", "cleaned_by_staff_name", "inspected_by_staff_name", "staff_name", "changed_by",
     "changed_by_name", "checked_in_by", "checked_out_by")
)  # fmt: skip
_PEOPLE = frozenset(("party", "in_house", "companions", "walkins", "guests_in_room"))
"""Fields that may say how many, and not who."""
_NAMES = frozenset(("first_name", "last_name", "full_name", "name", "email", "phone", "id_pin"))
_CONTACT = frozenset(("email", "phone"))
_HOTELS_OWN = ("/hotel/phone", "/hotel/email")
_ANNOUNCED = (*_HOTELS_OWN, "/hotel/name", "/hotel/slug", "/hotel/timezone")
"""What a hotel says of itself may happen to be what a guest is called."""
_STRANGERS = ("token/foreign", "token/none", "token/unknown", "token/staff", "token/spoiled")
_LONG = 6
"""Text of this length is looked for inside other text; shorter ones only as whole values."""


def _forbidden_key(value: Any) -> str | None:
    """The pointer of the first forbidden field that holds something."""
    for pointer, key, inner in leaves(value):
        if inner is None or inner in ("", [], {}):
            continue
        if key in FORBIDDEN or (key in _PEOPLE and _names_people(inner)):
            return pointer
        if key in _CONTACT and not pointer.endswith(_HOTELS_OWN):
            return pointer
    return None


def _names_people(value: Any) -> bool:
    """Who they are: a name, a way to reach them, or a list of texts."""
    if isinstance(value, list) and any(isinstance(one, str) and one for one in value):
        return True
    return any(key in _NAMES and isinstance(inner, str) and inner for _, key, inner in leaves(value))


def _secrets(episode: Episode, booking_id: str) -> dict[str, str]:
    """Values that must not pass, with the field they come from: as the staff's reads of the booking show them."""
    found: dict[str, str] = {}
    public: set[str] = set()
    for operation in episode.operations:
        for probe in (*operation.before, *operation.after):
            if (
                probe.name == "booking"
                and isinstance(probe.state, dict)
                and probe.state.get("booking_id") == booking_id
            ):
                _secrets_of_booking(probe.state, found, public)
            elif probe.name == "room" and isinstance(probe.state, dict):
                for name in (
                    "turnover_notes",
                    "maintenance_notes",
                    "cleaned_by_staff_name",
                    "inspected_by_staff_name",
                ):
                    _keep(found, probe.state.get(name), name)
            elif probe.name == "audit" and isinstance(probe.state, list):
                for row in probe.state:
                    if mapping(row).get("changed_by") is not None:
                        _keep(found, mapping(row).get("changed_by_name"), "staff_name")
    return {text: name for text, name in found.items() if text not in public}


def _keep(found: dict[str, str], value: Any, name: str) -> None:
    if isinstance(value, str) and len(value.strip()) >= 3:
        found.setdefault(value, name)


def _secrets_of_booking(booking: Mapping[str, Any], found: dict[str, str], public: set[str]) -> None:
    for name in ("internal_notes", "payment_reference", "payment_provider"):
        _keep(found, booking.get(name), name)
    for name in ("email", "phone"):
        _keep(found, dig(booking.get("booker"), name), f"booker.{name}")
    primary = mapping(dig(booking.get("party"), "primary"))
    public.update(str(primary.get(name)) for name in ("first_name", "last_name", "full_name"))
    public.update(
        str(booking.get(name)) for name in ("booking_id", "confirmation_number", "special_requests")
    )
    for group in ("party", "in_house"):
        for member in (
            *(dig(booking.get(group), "companions") or ()),
            *(dig(booking.get(group), "walkins") or ()),
        ):
            for name in ("full_name", "first_name", "last_name", "email", "phone", "id_pin"):
                _keep(found, mapping(member).get(name), f"companion.{name}")
    _keep(
        found,
        dig(booking.get("in_house"), "primary", "id_pin") if booking.get("in_house") else None,
        "id_pin",
    )


def _leaked_value(value: Any, secrets: Mapping[str, str]) -> tuple[str, str] | None:
    """(pointer, field) of the first forbidden value, under whatever name it stands."""
    for pointer, text in strings(value):
        if pointer.endswith(_ANNOUNCED):
            continue
        for secret, name in secrets.items():
            # one name of somebody may be a word of any text, so it is looked for as a whole value
            is_name = name.endswith(("first_name", "last_name")) or (
                name == "staff_name" and " " not in secret
            )
            if text == secret or (not is_name and len(secret) >= _LONG and secret in text):
                return pointer, name
    return None


def _owner(episode: Episode, booking_id: str) -> dict[str, str]:
    """The name of the guest the booking is of, which is a secret to whoever has no token of it."""
    found: dict[str, str] = {}
    for operation in episode.operations:
        for probe in (*operation.before, *operation.after):
            if probe.name == "booking" and dig(probe.state, "booking_id") == booking_id:
                _keep(found, dig(probe.state, "party", "primary", "full_name"), "primary.full_name")
    return found


def _judge(
    value: Any, secrets: Mapping[str, str], clause: str, where: str, witness: tuple[int, ...]
) -> Finding:
    key = _forbidden_key(value)
    if key is not None:
        field = key.rsplit("/", 1)[-1]
        return Violation(
            clause, f"{where} holds {field}", ("the fields of GuestBooking only",), f"at {key}", witness
        )
    leaked = _leaked_value(value, secrets)
    if leaked is not None:
        pointer, name = leaked
        message = f"{where} holds the value of {name}"
        return Violation(clause, message, ("the fields of GuestBooking only",), f"at {pointer}", witness)
    return OK


@rule(
    "privacy/guest-event", "A guest event holds nothing that is not the guest's", "privacy/guest-event",
    hint="Build guest payloads from a list of what may go out, never from the staff serializer less some fields.",
)  # fmt: skip
def guest_event(episode: Episode) -> Iterator[Finding]:
    known: dict[str, dict[str, str]] = {}
    for event in (*episode.strays, *episode.events):
        if event.kind != "guest":
            continue
        secrets = known.setdefault(event.key, _secrets(episode, event.key))
        yield _judge(
            dict(event.envelope),
            secrets,
            "privacy/guest-event",
            f"{event.name} on the guest channel",
            (event.seq,),
        )


def _asked_for(operation: Operation) -> str:
    """The booking a guest asks for: in the path, in the channel name, or that of the token."""
    channel = mapping(operation.body).get("channel_name")
    if isinstance(channel, str):
        return channel.partition(".")[2]
    return str(operation.params.get("booking_id") or operation.answered.get("booking_id") or "")


@rule(
    "privacy/guest-endpoint", "A guest endpoint shows nothing that is not the guest's", "privacy/guest-endpoint",
    hint="Build guest answers from a list of what may go out, never from the staff serializer less some fields.",
)  # fmt: skip
def guest_endpoint(episode: Episode) -> Iterator[Finding]:
    for operation in episode.operations:
        if operation.operation not in (*GUEST_READS, "channelAuth") or operation.reply is None:
            continue
        booking_id = _asked_for(operation)
        secrets = _secrets(episode, booking_id)
        if operation.case in _STRANGERS and not succeeded(operation):
            secrets |= _owner(episode, booking_id)
        where = f"the answer to {operation.operation}" + ("" if succeeded(operation) else " (a refusal)")
        yield _judge(dict(operation.answered), secrets, "privacy/guest-endpoint", where, operation.witness)


@rule(
    "access/refusal-shows-nothing", "The refusal of another hotel's booking shows nothing of it",
    "access/booking-of-other-hotel",
    hint="Refuse what is of another hotel as what does not exist: from the id in the path, not from the row that was found.",
)  # fmt: skip
def refusal_shows_nothing(episode: Episode) -> Iterator[Finding]:
    for operation in episode.operations:
        if (
            "/refuse/other-hotels-booking" not in operation.case
            or operation.status is None
            or succeeded(operation)
        ):
            continue
        booking_id = str(operation.params.get("booking_id"))
        secrets = _secrets(episode, booking_id) | _owner(episode, booking_id)
        for probe in operation.before:
            if probe.name == "booking" and dig(probe.state, "booking_id") == booking_id:
                _keep(secrets, dig(probe.state, "confirmation_number"), "confirmation_number")
                for name in ("first_name", "last_name"):
                    _keep(secrets, dig(probe.state, "booker", name), f"booker.{name}")
        if not secrets:
            continue
        leaked = _leaked_value(dict(operation.answered), secrets)
        if leaked is None:
            yield OK
            continue
        pointer, name = leaked
        message = f"the refusal of {operation.operation} for another hotel's booking holds its {name}"
        yield Violation(
            "access/booking-of-other-hotel", message, ("as of a booking that does not exist",), f"at {pointer}",
            operation.witness,
        )  # fmt: skip
