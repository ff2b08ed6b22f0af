"""Which dialects a server can speak, and that what it says wrong in the contract's words does not come out right in others."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.dialect import DialectError, parse_dialect
from contract.dialect_speaking import check_speakable
from contract.events import EventKind, event_kinds
from tests.contract.instances import RANDOMS
from tests.contract.test_dialect import QUICK, dialect_of, some_event
from tests.server.dialects import FILES, document


@pytest.mark.parametrize("name", FILES)
def test_the_examples_can_be_spoken(name: str) -> None:
    check_speakable(parse_dialect(document(name)), ("/_staycheck/", "/app/", "/apps/"))


@pytest.mark.parametrize(
    ("part", "complaint", "place"),
    [
        ({"paths": {"checkIn": "/stays/{booking_id}/in"}}, "of checkIn has no {hotel_slug}", ("paths", "checkIn")),
        ({"paths": {"getRoom": "/{hotel_slug}/room"}}, "of getRoom has no {room_number}", ("paths", "getRoom")),
        ({"paths": {"guestContext": "/me/?a=b"}}, "without a query", ("paths", "guestContext")),
        ({"paths": {"guestContext": "me"}}, "begins with a slash", ("paths", "guestContext")),
        ({"paths": {"guestContext": "/_staycheck/me"}}, "below /_staycheck/", ("paths", "guestContext")),
        ({"base_path": "/apps/1"}, "below /apps/, which is the server's own", ("base_path",)),
        ({"paths": {"checkIn": "/{hotel_slug}/{booking_id}/{booking_id}"}}, "a parameter twice", ("paths", "checkIn")),
        ({"paths": {"checkIn": "/in/{hotel_slug}-{booking_id}"}}, "leaves open where {hotel_slug} ends", ("paths", "checkIn")),
        ({"paths": {"getBooking": "/{hotel_slug}/b-{booking_id}", "getRoom": "/grand-demo/{hotel_slug}{room_number}"},
          "base_path": "/x"}, "of getRoom", ("paths", "getRoom")),
        ({"channels": {"guest": "private-a guest {booking_id}"}}, "only letters, digits", ("channels", "guest")),
        ({"channels": {"guest": "private-encrypted-{booking_id}"}}, "no key for encrypted channels", ("channels", "guest")),
        ({"event_names": {"room_updated": "x" * 300}}, "event name", ("event_names", "room_updated")),
    ],
)  # fmt: skip
def test_what_cannot_be_spoken_is_refused_with_its_place(
    part: dict[str, Any], complaint: str, place: tuple[str, ...]
) -> None:
    dialect = parse_dialect({"name": "x", **part})
    with pytest.raises(DialectError) as caught:
        check_speakable(dialect, ("/_staycheck/", "/apps/"))
    assert complaint in str(caught.value)
    assert caught.value.place == place


@QUICK
@given(st.integers(0, 29).map(dialect_of), st.sampled_from(list(event_kinds().values())), RANDOMS)
def test_a_category_that_is_not_the_events_is_not_said_right(
    dialect: Any, kind: EventKind, random: Random
) -> None:
    channel, name, data = some_event(kind, random)
    data["category"] = "mistaken"
    read = dialect.to_canonical_event(*dialect.to_wire_event(channel, name, data))[2]
    assert read["category"] == ("mistaken" if dialect.envelope.category is not None else kind.category)
