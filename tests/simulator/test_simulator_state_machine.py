"""Whatever staff of all roles and hotels do, in any order: the world stays in order and its events tell the truth.

After every step: the invariants hold; every view and event keeps its schema; a refusal and a repeat have no effect;
`changed_fields` is the difference a reader sees; event ids are unique; the same seed gives the same bytes.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, precondition, rule
from small_hotel import (
    FRONT_DESK,
    HERE,
    HOUSEKEEPING,
    MANAGER,
    NOW,
    OUTSIDER,
    THERE,
    TODAY,
    booking,
    first_token,
    party,
    small_hotel,
)

from contract.channels import parse_channel
from contract.events import event_schema
from contract.operations import Operation, operation
from contract.schema_files import document
from contract.schema_store import schema_store
from simulator import views
from simulator.assignments import rooms_for
from simulator.commands import (
    Actor,
    AssignRoom,
    CheckIn,
    CheckOut,
    Command,
    Decision,
    Event,
    MoveRoom,
    SetRoomStatus,
    UnassignRoom,
    UseGuestToken,
)
from simulator.decide import decide
from simulator.ids import SeededIds
from simulator.invariants import violations
from simulator.tokens import token_hash
from simulator.world import Booking, Conversation, Order, Put, RoomMessage, World

STATUSES = tuple(document("lifecycles/room_status.yaml")["states"])
OPERATIONS = (
    "setRoomStatus",
    "managerOverride",
    "startCleaning",
    "markCleaned",
    "inspectRoom",
    "markMaintenance",
    "completeMaintenance",
)
OPERATION_OF = {
    CheckIn: "checkIn",
    CheckOut: "checkOut",
    AssignRoom: "assignRoom",
    UnassignRoom: "unassignRoom",
    MoveRoom: "moveRoom",
    UseGuestToken: "guestBookingStatus",
}

# Weighted towards what succeeds, or most steps would be refusals.
people = st.sampled_from([MANAGER, MANAGER, FRONT_DESK, FRONT_DESK, HOUSEKEEPING, OUTSIDER, None])
slugs = st.sampled_from([HERE] * 9 + [THERE])
booking_ids = st.sampled_from(["A", "A", "B", "B", "C", "C", "D", "N", "Z"])
room_ids = st.sampled_from([1, 1, 2, 2, 3, 3, 4, 99])
texts = st.one_of(st.none(), st.text(max_size=40))


class Staff(RuleBasedStateMachine):
    """A day at the small hotel."""

    tokens = Bundle("tokens")

    def __init__(self) -> None:
        super().__init__()
        world = small_hotel()
        complete = replace(world.party_members[42], first_name="Niamh", last_name="Murphy")
        self.world = world.apply([Put(complete), Put(replace(world.bookings["D"], room_id=None))])
        self.now = NOW
        self.ids = SeededIds.beyond(self.world, 0)
        self.event_ids: set[str] = set()

    @initialize(target=tokens)
    def a_token_from_before(self) -> str:
        return "raw-A"

    @rule(target=tokens, booking_id=booking_ids, slug=slugs, actor=people)
    def check_in(self, booking_id: str, slug: str, actor: Actor | None) -> str:
        decision = self.do(CheckIn(slug, booking_id), actor)
        return decision.reply.body.get("guest_token") or "made up"

    @rule(booking_id=booking_ids, slug=slugs, actor=people)
    def check_out(self, booking_id: str, slug: str, actor: Actor | None) -> None:
        self.do(CheckOut(slug, booking_id), actor)

    @rule(booking_id=booking_ids, slug=slugs, actor=people, room_id=room_ids, notes=texts)
    def assign(
        self, booking_id: str, slug: str, actor: Actor | None, room_id: int, notes: str | None
    ) -> None:
        self.do(AssignRoom(slug, booking_id, room_id, notes), actor)

    @rule(booking_id=booking_ids, slug=slugs, actor=people)
    def unassign(self, booking_id: str, slug: str, actor: Actor | None) -> None:
        self.do(UnassignRoom(slug, booking_id), actor)

    @rule(booking_id=booking_ids, slug=slugs, actor=people, room_id=room_ids, reason=texts)
    def move(self, booking_id: str, slug: str, actor: Actor | None, room_id: int, reason: str | None) -> None:
        self.do(MoveRoom(slug, booking_id, room_id, reason), actor)

    @rule(
        room_id=room_ids,
        slug=slugs,
        actor=people,
        to_status=st.sampled_from([*STATUSES, "READY_FOR_GUEST", "READY_FOR_GUEST"]),
        operation=st.sampled_from(OPERATIONS),
        note=texts,
    )
    def housekeeping(
        self, room_id: int, slug: str, actor: Actor | None, to_status: str, operation: str, note: str | None
    ) -> None:
        to_status = {
            "startCleaning": "CLEANING_IN_PROGRESS",
            "markCleaned": "CLEANED_UNINSPECTED",
            "markMaintenance": "MAINTENANCE_REQUIRED",
            "completeMaintenance": "CHECKOUT_DIRTY",
        }.get(operation, to_status)
        flagged = operation == "markMaintenance"
        self.do(
            SetRoomStatus(
                slug,
                room_id,
                to_status,
                operation,
                note=note,
                override=operation == "managerOverride",
                maintenance_priority="HIGH" if flagged else None,
                maintenance_notes=note if flagged else None,
            ),
            actor,
        )

    @precondition(lambda self: self.in_phase("expected"))
    @rule(target=tokens, data=st.data())
    def a_guest_arrives(self, data: st.DataObject) -> str:
        """As a front desk does it: a ready room, assigned if need be, then the check-in."""
        booking = data.draw(st.sampled_from(self.in_phase("expected")))
        ready = [room for room in rooms_for(self.world, booking) if views.is_bookable(room)]
        if ready and booking.room_id not in {room.id for room in ready}:
            self.do(AssignRoom(HERE, booking.booking_id, data.draw(st.sampled_from(ready)).id), FRONT_DESK)
        return self.check_in(booking.booking_id, HERE, FRONT_DESK)

    @precondition(lambda self: self.in_phase("in_house"))
    @rule(data=st.data())
    def a_guest_leaves(self, data: st.DataObject) -> None:
        booking = data.draw(st.sampled_from(self.in_phase("in_house")))
        assert self.do(CheckOut(HERE, booking.booking_id), FRONT_DESK).changes

    @precondition(lambda self: self.in_phase("in_house"))
    @rule(data=st.data())
    def a_guest_chats_and_orders(self, data: st.DataObject) -> None:
        stay = data.draw(st.sampled_from(self.in_phase("in_house")))
        assert stay.room_id is not None
        number = self.ids.number
        conversation = Conversation(number(Conversation.table), stay.booking_id, stay.room_id)
        message = RoomMessage(number(RoomMessage.table), conversation.id, stay.room_id, "Towels, please.")
        order = Order(number(Order.table), stay.booking_id, stay.room_id, "BREAKFAST")
        self.world = self.world.apply([Put(conversation), Put(message), Put(order)])

    @precondition(lambda self: self.in_phase("in_house") and self.free_rooms())
    @rule(data=st.data())
    def a_guest_wants_another_room(self, data: st.DataObject) -> None:
        booking = data.draw(st.sampled_from(self.in_phase("in_house")))
        self.do(MoveRoom(HERE, booking.booking_id, data.draw(st.sampled_from(self.free_rooms()))), FRONT_DESK)

    @precondition(lambda self: self.dirty_rooms())
    @rule(data=st.data())
    def a_room_is_turned_over(self, data: st.DataObject) -> None:
        room_id = data.draw(st.sampled_from(self.dirty_rooms()))
        for to_status, through in (
            ("CLEANING_IN_PROGRESS", "startCleaning"),
            ("CLEANED_UNINSPECTED", "markCleaned"),
            ("READY_FOR_GUEST", "inspectRoom"),
        ):
            self.housekeeping(room_id, HERE, HOUSEKEEPING, to_status, through, None)

    @rule(adults=st.integers(1, 6), starts=st.integers(-1, 2), nights=st.integers(1, 3))
    def somebody_books(self, adults: int, starts: int, nights: int) -> None:
        number = len(self.world.bookings)
        check_in = TODAY + timedelta(days=starts)
        row = booking(
            f"W{number}", None, adults=adults, check_in=check_in, check_out=check_in + timedelta(days=nights)
        )
        rows = [row, *party(row, 1000 + number * 10), first_token(row, 1000 + number)]
        self.world = self.world.apply(Put(item) for item in rows)

    def in_phase(self, phase: str) -> list[Booking]:
        return [row for row in self.world.bookings.values() if row.hotel_id == 1 and row.phase == phase]

    def dirty_rooms(self) -> list[int]:
        return [row.id for row in self.world.rooms.values() if row.room_status == "CHECKOUT_DIRTY"]

    def free_rooms(self) -> list[int]:
        return [row.id for row in self.world.rooms.values() if row.hotel_id == 1 and views.is_bookable(row)]

    @rule(raw=tokens, booking_id=st.one_of(st.none(), booking_ids), slug=st.one_of(st.none(), slugs))
    def use_token(self, raw: str, booking_id: str | None, slug: str | None) -> None:
        self.do(UseGuestToken(token_hash(raw), booking_id, slug), None)

    @rule(seconds=st.integers(0, 7200))
    @precondition(lambda self: self.now - NOW < timedelta(hours=9))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @invariant()
    def the_world_is_in_order(self) -> None:
        assert violations(self.world) == ()

    @invariant()
    def every_view_keeps_its_schema(self) -> None:
        for row in self.world.bookings.values():
            holds("resources/booking_detail.schema.json", views.booking_detail(self.world, row))
            holds("resources/guest_booking.schema.json", views.guest_booking(self.world, row))
        for room in self.world.rooms.values():
            holds("resources/room.schema.json", views.room(self.world, room))

    def do(self, command: Command, actor: Actor | None) -> Decision:
        before = self.world
        twin = SeededIds.beyond(before, "twin")
        once, again = (
            decide(before, command, actor, self.now, ids) for ids in (twin, SeededIds.beyond(before, "twin"))
        )
        assert repr(once) == repr(again)
        decision = decide(before, command, actor, self.now, self.ids)
        self.world = before.apply(decision.changes)
        if decision.reply.code is not None:
            assert not decision.changes
            holds("resources/error.schema.json", decision.reply.body)
            assert decision.reply.body["error"]["code"] == decision.reply.code
            assert decision.reply.code in operation_of(command).refusal_codes
            assert 400 <= decision.reply.status < 500
        else:
            self.check_reply(command, decision.reply.body)
        # A repeat and a refusal change nothing, and what changes nothing says nothing.
        assert bool(decision.changes) == bool(decision.events)
        if decision.changes:
            assert sorted(map(kind_of, decision.events)) == sorted(due_of(command))
        self.check_audit(before)
        for event in decision.events:
            self.check_event(event, before)
        return decision

    def check_audit(self, before: World) -> None:
        """Every change of a room's status has one new audit row with the status before and after it."""
        rows = [
            (row.room_id, row.from_status, row.to_status)
            for key, row in self.world.room_status_events.items()
            if key not in before.room_status_events
        ]
        changed = [
            (key, before.rooms[key].room_status, room.room_status)
            for key, room in self.world.rooms.items()
            if room.room_status != before.rooms[key].room_status
        ]
        assert sorted(rows) == sorted(changed)

    def check_reply(self, command: Command, body: Any) -> None:
        schema = operation_of(command).reply_schema(200)
        assert schema is not None
        holds(schema, body)
        if isinstance(command, SetRoomStatus) and "new_status" in body:
            assert body["new_status"] == command.to_status

    def check_event(self, event: Event, before: World) -> None:
        assert event.event_id not in self.event_ids
        self.event_ids.add(event.event_id)
        channel = parse_channel(event.channel)
        assert channel is not None
        envelope = json.loads(json.dumps(event.envelope))
        holds(event_schema(channel.kind, event.name), envelope)
        assert envelope["meta"]["event_id"] == event.event_id
        assert envelope["meta"]["ts"] == views.timestamp(self.now)
        payload = envelope["payload"]
        if channel.kind == "rooms":
            assert event.room_id == envelope["meta"]["scope"]["room_id"] == payload["room_id"]
            self.check_changed_fields(event, before, payload)
        else:
            assert event.booking_id == envelope["meta"]["scope"]["booking_id"] == payload["booking_id"]
        if channel.kind == "staff":
            payload.pop("transition")
            assert payload == views.booking_detail(self.world, self.world.bookings[payload["booking_id"]])

    def check_changed_fields(self, event: Event, before: World, payload: dict[str, Any]) -> None:
        """The payload is the view after the operation, and its changed_fields are what a reader sees differ."""
        assert event.room_id is not None
        view: Any = views.room if event.name == "room_updated" else views.occupancy_payload
        old = view(before, before.rooms[event.room_id])
        told = payload.pop("changed_fields")
        assert payload == view(self.world, self.world.rooms[event.room_id])
        assert sorted(told) == sorted(name for name in payload if payload[name] != old[name])
        assert told


def operation_of(command: Command) -> Operation:
    """The operation of the contract a command came through."""
    return operation(command.operation if isinstance(command, SetRoomStatus) else OPERATION_OF[type(command)])


def due_of(command: Command) -> list[tuple[str, str]]:
    """(channel kind, event) of everything a success of the command publishes, as openapi.yaml says."""
    return [
        (due.channel, due.event)
        for due in operation_of(command).events
        for _ in range(2 if due.both_rooms else 1)
    ]


def kind_of(event: Event) -> tuple[str, str]:
    channel = parse_channel(event.channel)
    assert channel is not None
    return channel.kind, event.name


def holds(schema: str, instance: Any) -> None:
    """The fast validator first; the explaining one only to say what is wrong."""
    if not schema_store().valid(schema, instance):
        assert schema_store().problems(schema, instance) == []
        raise AssertionError(f"the two validators disagree about {schema}")


class TestStaff(Staff.TestCase):  # type: ignore[misc, name-defined]
    settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
