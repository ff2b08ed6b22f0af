"""What the words in paths mean: which thing a parameter names, who calls, and which operation the rest says.

An operation is recognised only when every word of its path is explained; a word nobody knows makes it a guess. So
`pre-check-in` is no check-in, and `bookings/{id}/guests` is not the booking.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from staycheck.drafting.reading import Described, PathParameter

Thing = Literal["booking", "room", ""]

NAMES_ROOM = ("room_id", "room_number", "room")
_NOISE = frozenset(
    re.findall(
        r"\w+",
        "api rest backend server staff admin internal backoffice back office management manage hotel property pms app core front desk "
        "frontdesk for the to a by v ops operation service public guest client customer portal my self",
    )
)
_AUXILIARY = frozenset(re.findall(r"\w+", "mark set do safe perform action post as"))
_GUEST = frozenset(re.findall(r"\w+", "public guest client customer portal my self"))
_BOOKING = frozenset(re.findall(r"\w+", "booking reservation"))
_GENERIC = frozenset(
    re.findall(r"\w+", "id pk uuid ref reference code lookup slug key identifier confirmation number no nr")
)
_NUMBER = frozenset(re.findall(r"\w+", "number no nr num"))
_ID = frozenset(re.findall(r"\w+", "id pk uuid"))
_UNIFIED = (
    (r"\bcheck ?in\b", "checkin"),
    (r"\bcheck ?out\b", "checkout"),
    (r"\b(log ?in|sign ?in)\b", "login"),
    (r"\bhouse ?keeping\b", "housekeeping"),
    (r"\bun ?assign\b", "unassign"),
    (r"\bde ?allocate\b", "deallocate"),
    (r"\b(room )?(reservation|booking)\b", "booking"),
)

_CLEANING, _FINISHED = "clean(?:ing)?", "(?:done|complete|completed|finish|finished)"
_SAID: dict[str, tuple[str, Thing, str]] = {
    "staffLogin": ("POST", "", "(?=.*(?:auth|login|token|session|jwt))(?:(?:auth|authentication|account|user|session|token|jwt|login|obtain|create|pair) ?)+"),
    "checkIn": ("POST", "booking", "checkin|arrive|arrival"),
    "checkOut": ("POST", "booking", "checkout|depart|departure"),
    "listBookings": ("GET", "", "booking(?: list)?"),
    "getBooking": ("GET", "booking", "(?:detail)?"),
    "guestBookingStatus": ("GET", "booking", "(?:detail|status)?"),
    "listAvailableRooms": ("GET", "booking", "(?:available|free|assignable) room|room (?:available|free|assignable)"),
    "assignRoom": ("POST", "booking", "(?:assign|allocate)(?: room)?|room (?:assign|assignment|allocation)|assignment"),
    "unassignRoom": ("POST", "booking", "(?:unassign|release|deallocate)(?: room)?|(?:remove|clear) room|room unassign"),
    "moveRoom": ("POST", "booking", "(?:move|relocate)(?: room)?|(?:change|transfer|swap|switch) room|room (?:move|change|transfer|swap|switch)"),
    "roomsBoard": ("GET", "", "(?:turnover )?room (?:board|turnover|by status|rack)|turnover(?: room| board)?|board room"),
    "listRooms": ("GET", "", "room(?: list)?"),
    "getRoom": ("GET", "room", "(?:detail)?"),
    "housekeepingDashboard": ("GET", "", "housekeeping (?:dashboard|overview|summary)"),
    "setRoomStatus": ("POST", "room", "(?:change |update )?status(?: change| update| transition)?|transition"),
    "managerOverride": ("POST", "room", "(?:status )?(?:manager |force )?override(?: status)?"),
    "roomStatusHistory": ("GET", "room", "status (?:history|log|audit)|history|audit(?: log)?"),
    "startCleaning": ("POST", "room", f"(?:start|begin) {_CLEANING}|{_CLEANING} (?:start|begin)"),
    "markCleaned": ("POST", "room", f"cleaned|(?:finish|complete) {_CLEANING}|{_CLEANING} {_FINISHED}"),
    "inspectRoom": ("POST", "room", "inspect|inspection"),
    "markMaintenance": ("POST", "room", "maintenance|(?:flag|report|require) maintenance|maintenance (?:flag|report|required)"),
    "completeMaintenance": ("POST", "room", f"(?:complete|finish|clear|resolve) maintenance|maintenance (?:clear|resolve|{_FINISHED})"),
    "guestContext": ("GET", "", "context"),
    "channelAuth": ("POST", "", "(?:notification )?(?:pusher|broadcasting|channel|realtime) (?:channel )?auth"),
}  # fmt: skip
"""Operation -> method, what its path names, and what the words of its path say."""

_GUEST_OPERATIONS = frozenset({"guestBookingStatus", "guestContext"})
_ANYBODY = frozenset({"staffLogin", "channelAuth"})


def words(text: str) -> list[str]:
    """The words of a name in any case: CamelCase, snake_case or with hyphens; in lower case and the singular."""
    split = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text)
    return [_singular(word) for word in re.findall(r"[a-z0-9]+", split.lower())]


def _singular(word: str) -> str:
    return (
        word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word
    )


def unified(found: Sequence[str]) -> str:
    """Words as a text in which each meaning has one spelling."""
    text = " ".join(found)
    for pattern, word in _UNIFIED:
        text = re.sub(pattern, word, text)
    return text


@dataclass(frozen=True)
class Reading:
    """What a path says. `template` has the contract's names in braces, None when a parameter is none of the contract's: `why`.

    `notes` are the readings of parameters that could be meant otherwise; `sure` is False when one of them is a toss-up.
    """

    thing: Thing
    template: str | None
    why: str
    notes: tuple[str, ...]
    sure: bool
    is_guests: bool
    said: str
    """The words that say what is done, unified, with those that nobody knows."""

    def means(self, operation_id: str, method: str) -> bool:
        """Whether the path says this operation, every word of it."""
        wanted_method, thing, pattern = _SAID[operation_id]
        if method != wanted_method or self.thing != thing:
            return False
        if operation_id not in _ANYBODY and self.is_guests != (operation_id in _GUEST_OPERATIONS):
            return False
        said = self.said.removeprefix("housekeeping ") if thing == "room" else self.said
        if thing == "room" and method == "GET" and said == "housekeeping":
            said = ""
        return re.fullmatch(pattern, said.strip()) is not None


def wanted_method(operation_id: str) -> str:
    """The method of an operation of the contract."""
    return _SAID[operation_id][0]


def wanted_thing(operation_id: str) -> Thing:
    """What the path of an operation of the contract names beside the hotel."""
    return _SAID[operation_id][1]


def read_path(one: Described, shared: int = 0) -> Reading:
    """What the path of an operation says. The first `shared` segments are common to all paths and say nothing."""
    segments = one.path.strip("/").split("/")
    names: dict[str, str] = {}
    notes: list[str] = []
    why, thing, sure, last = "", "", True, -1
    for index, segment in enumerate(segments):
        for name in re.findall(r"\{([^{}]+)\}", segment):
            before = words(segments[index - 1]) if index else []
            meaning, problem, note, is_sure = _meaning(one.parameters[name], before)
            why, sure = why or problem, sure and is_sure
            names[name] = meaning
            notes += [note] if note else []
            if meaning == "booking_id" or meaning in NAMES_ROOM:
                thing, last = ("booking" if meaning == "booking_id" else "room"), index
    if not why and len(set(names.values())) != len(names):
        why = "two of its parameters name the same thing"
    template = None
    if not why:
        template = re.sub(r"\{([^{}]+)\}", lambda found: f"{{{names[found[1]]}}}", one.path)
    audience = {word for segment in segments[: last if last >= 0 else None] for word in words(segment)}
    return Reading(
        thing="booking" if thing == "booking" else "room" if thing == "room" else "",
        template=template, why=why, notes=tuple(notes), sure=sure,
        is_guests=bool(audience & _GUEST) and "staff" not in audience,
        said=_said(segments, shared, last),
    )  # fmt: skip


def _meaning(parameter: PathParameter, before: Sequence[str]) -> tuple[str, str, str, bool]:
    """(name in the contract, why there is none, what to note, whether it is sure) of a parameter behind these words."""
    found, shown = set(words(parameter.name)), f"{{{parameter.name}}}"
    named = found - _GENERIC
    if found & _BOOKING or (not named and set(before) & _BOOKING):
        note = "" if parameter.name == "booking_id" else f"{shown} is read as booking_id"
        return "booking_id", "", note, True
    if "room" in found or (not named and "room" in before):
        if found & _NUMBER:
            note = "" if parameter.name == "room_number" else f"{shown} is read as room_number"
            return "room_number", "", note, True
        if found & _ID:
            note = "" if parameter.name == "room_id" else f"{shown} is read as room_id; it may be the number"
            return "room_id", "", note, True
        return (
            "room",
            "",
            f"{shown} may be the room's id or its number: write {{room_id}} or {{room_number}}",
            False,
        )
    if named & {"hotel", "property"} or (not named and set(before) & {"hotel", "property"}):
        if parameter.type in ("integer", "number") or found & {"id", "pk"}:
            return (
                "",
                f"its path names the hotel by {shown}, and a dialect knows only {{hotel_slug}}",
                "",
                False,
            )
        note = "" if parameter.name == "hotel_slug" else f"{shown} is read as hotel_slug"
        return "hotel_slug", "", note, True
    return "", f"its path has {shown}, which is no parameter of the contract", "", False


def _said(segments: Sequence[str], shared: int, last: int) -> str:
    """The words that say what is done: without noise, and without what the thing at segment `last` is called."""
    left: list[str] = []
    for index, segment in enumerate(segments):
        if re.search(r"\{[^{}]+\}", segment):
            left += words(re.sub(r"\{[^{}]+\}", " ", segment))
            continue
        if index < shared:
            continue
        text = unified(words(segment)).split()
        if index > last >= 0:
            left += [word for word in text if word not in _AUXILIARY] or text
            continue
        kept = [word for word in text if word not in _NOISE and not re.fullmatch(r"v\d+", word)]
        names_next = index + 1 < len(segments) and "{" in segments[index + 1]
        if last >= 0:  # the collection a thing is in says what the thing is, and its parameter says that too
            kept = [word for word in kept if word not in ("booking", "room", "turnover")]
        if names_next and not set(kept) & _ACTION_WORDS:
            kept = []
        left += kept
    return unified(left)


_ACTION_WORDS = frozenset(
    word for _, _, pattern in _SAID.values() for word in re.findall(r"[a-z]{2,}", pattern)
) - {"room", "booking"}
"""Words that say what is done; a collection is never called so."""
