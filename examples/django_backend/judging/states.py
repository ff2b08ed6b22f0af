"""The states a conformance run asks for, by name. Each takes a stage and the params, and answers bindings."""

from inspect import signature

from hotel.models import BookingStatus, Conversation, Order, Room, RoomMessage, RoomStatus
from judging.stage import Stage


def ready(stage, party_size=2, known_guests=False, not_staying=0):
    room = stage.room()
    booking = stage.booking(room, party_size=party_size, not_staying=not_staying)
    if known_guests:
        stage.register(booking, None)
    return stage.bindings(booking, room)


def in_house(
    stage, party_size=2, survey_mail="works", active_tokens=1, turnover_notes=None, free=None, **left_behind
):  # fmt: skip
    room = stage.room(turnover_notes=turnover_notes)
    email = "guest@undeliverable.invalid" if survey_mail == "fails" else "guest@example.com"
    booking = stage.in_house(room, party_size=party_size, email=email)
    for _ in range(active_tokens - 1):
        stage.token(booking)
    leave_behind(stage, booking, room, **left_behind)
    return stage.bindings(booking, room, free)


def leave_behind(stage, booking, room, walk_ins=0, conversations=0, orders=0):
    for _ in range(walk_ins):
        stage.guest(booking, room)
    for number in range(conversations):
        talk = Conversation.objects.create(booking=booking, room=room)
        RoomMessage.objects.create(conversation=talk, room=room, text=f"Message {number + 1}")
    for number in range(orders):
        Order.objects.create(booking=booking, room=room, is_breakfast=number % 2 == 1)


def without_room(stage, party_size=2):
    return stage.bindings(stage.booking(party_size=party_size), free=stage.room())


def incomplete_party(stage, party_size=2, missing=1):
    room = stage.room()
    booking = stage.booking(room, party_size=max(party_size, missing + 1), unnamed=missing)
    return stage.bindings(booking, room)


def with_status(stage, status):
    room = stage.room()
    return stage.bindings(stage.booking(room, status=status), room)


def departed(stage, party_size=2):
    room = stage.room()
    booking = stage.in_house(room, party_size=party_size)
    stage.move_out(booking, room)
    stage.made_ready(room)
    return stage.bindings(booking, room)


def room_not_ready(stage, room_status=RoomStatus.READY_FOR_GUEST, occupied=False, **flags):
    if "is_out_of_order" in flags:
        flags["out_of_order"] = flags.pop("is_out_of_order")
    room = stage.room(room_status, **flags)
    if occupied:
        stage.in_house(room)
    return stage.bindings(stage.booking(room), room)


def outside_window(stage, window):
    if window == "too_early":
        stage = stage.where_it_is(4)
    days_ago = {"wrong_date": -3, "too_early": 0, "too_late": 5}[window]
    room = stage.room()
    return stage.bindings(stage.booking(room, days_ago=days_ago, nights=9), room)


def at_edge_of_window(stage, edge):
    # The judged hotel itself is where it is another date than in UTC.
    hour = {"early": 10, "late": 0}.get(edge)
    if hour is not None:
        stage = stage.where_it_is(hour)
    room = stage.room()
    return stage.bindings(stage.booking(room, days_ago=1 if edge == "late" else 0), room)


def several_reasons(stage, reasons):
    room = None
    if "no_room" not in reasons:
        room = stage.room(RoomStatus.CHECKOUT_DIRTY if "room" in reasons else RoomStatus.READY_FOR_GUEST)
    booking = stage.booking(
        room,
        unnamed=1 if "party" in reasons else 0,
        status=BookingStatus.CANCELLED if "status" in reasons else BookingStatus.CONFIRMED,
        days_ago=-3 if "window" in reasons else 0,
    )
    return stage.bindings(booking, room)


def stays_in_a_row(stage):
    room = stage.room()
    booking = stage.in_house(room)
    second, third = stage.booking(room), stage.booking(room)
    return stage.bindings(booking, room, other_booking_id=second.reference, third_booking_id=third.reference)


def two_on_one_room(stage):
    room = stage.room()
    booking, other = stage.booking(room), stage.booking(room)
    return stage.bindings(booking, room, other_booking_id=other.reference)


def with_orphan(stage):
    room = stage.room()
    booking = stage.in_house(room)
    orphan = stage.guest(booking, room)
    orphan.booking = None
    orphan.save()
    return stage.bindings(booking, room)


def with_stranger(stage):
    room, next_door = stage.room(), stage.room()
    booking, other = stage.in_house(room), stage.in_house(next_door)
    stranger = other.guests.order_by("pk").first()
    stranger.room = room
    stranger.save()
    return stage.bindings(booking, room)


def room_stuck(stage):
    room = stage.room()
    booking = stage.in_house(room)
    # From READY_FOR_GUEST nothing leads to CHECKOUT_DIRTY.
    Room.objects.filter(pk=room.pk).update(status=RoomStatus.READY_FOR_GUEST)
    stage.trail(room, RoomStatus.OCCUPIED, RoomStatus.READY_FOR_GUEST, days_ago=0)
    return stage.bindings(booking, room)


def in_house_and_free_room(stage, **params):
    return in_house(stage, free=stage.room(), **params)


def taken_room(stage):
    room = stage.room()
    stage.booking(room, nights=3)
    return stage.bindings(stage.booking(), room)


def room_in_status(stage, room_status):
    return stage.bindings(room=stage.room(room_status))


def of_another_hotel(stage, in_house=False):
    stage = stage.elsewhere()
    room = stage.room()
    return stage.bindings(stage.in_house(room) if in_house else stage.booking(room), room)


def room_of_another_hotel(stage, room_status):
    # The next number is one that no hotel has yet.
    return room_in_status(stage.elsewhere(), room_status)


def fence(stage):
    dirty, free = stage.room(RoomStatus.CHECKOUT_DIRTY), stage.room()
    return stage.bindings(stage.booking(), dirty, free)


STATES = {
    "booking ready for check-in": ready,
    "in-house booking": in_house,
    "booking without a room": without_room,
    "booking with an incomplete party": incomplete_party,
    "booking with status": with_status,
    "departed booking": departed,
    "booking whose room is not ready": room_not_ready,
    "booking outside its arrival window": outside_window,
    "booking at the edge of its arrival window": at_edge_of_window,
    "booking with several reasons to refuse its check-in": several_reasons,
    "stays that follow each other in one room": stays_in_a_row,
    "two bookings on one room": two_on_one_room,
    "in-house booking with an orphan in the room": with_orphan,
    "in-house booking with a stranger in the room": with_stranger,
    "in-house booking whose room cannot change status": room_stuck,
    "in-house booking and a free room": in_house_and_free_room,
    "booking and a room taken for its nights": taken_room,
    "room in status": room_in_status,
    "booking of another hotel": of_another_hotel,
    "room of another hotel": room_of_another_hotel,
    "fence": fence,
}


def arrange(run, state, params):
    """One result of a StatesReply. What this hotel does not know, a later contract's state or parameter, it says."""
    if state not in STATES:
        return {"state": state, "unsupported": "this hotel does not know the state"}
    try:
        signature(STATES[state]).bind(None, **params)
    except TypeError as unknown:
        return {"state": state, "unsupported": f"this hotel does not know how: {unknown}"}
    return {"state": state, "bindings": STATES[state](Stage(run), **params)}
