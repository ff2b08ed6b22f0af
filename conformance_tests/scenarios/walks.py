"""Walks through the two lifecycles: every legal step and every refusal of an illegal one, in sequences.

The tables are the contract's (`schemas/lifecycles/`); nothing of them is repeated here. A room's steps are the edges of a
graph, one per role that may take it; a path cover of the graph takes each once. What order they are taken in follows
from the seed. At every status the walk first asks for what is not allowed there, once in all walks.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from conformance_tests.refusals import NO_ROOM, READY, ROOM
from conformance_tests.scenarios.scenario import Scenario, Step, Wanted
from contract.lifecycle import BOOKING_COMMANDS, BookingState, booking_lifecycle, room_lifecycle

OCCUPIED = "OCCUPIED"
INVALID = "housekeeping/refuse/invalid-transition"
BY_HAND = "housekeeping/refuse/occupied-by-hand"
ROLES = ("manager", "front_desk", "housekeeping")
_LONGEST = 6
"""Legal steps of one walk: walks run side by side, and a step that fails ends only its own."""
_SOURCE = ""
NOT_READY = "booking whose room is not ready"


@dataclass(frozen=True, slots=True)
class _Edge:
    """One step of a room by one role. A stay is two: check-in and check-out, with the room OCCUPIED between them."""

    start: str
    end: str
    role: str
    stay: bool = False


def _slug(word: str) -> str:
    return word.lower().replace("_", "-")


def _edges() -> Iterator[_Edge]:
    for step in room_lifecycle().transitions():
        for role in sorted(step.roles):
            if "housekeeping" in step.via:
                yield _Edge(step.source, step.target, role)
            elif step.target == OCCUPIED:
                yield from (
                    _Edge(step.source, left.target, role, stay=True)
                    for left in room_lifecycle().transitions()
                    if left.source == OCCUPIED and role in left.roles
                )


def _paths(chance: random.Random) -> Iterator[list[_Edge]]:
    """Paths that take every edge once, as few as there can be, cut where they get long or a second stay begins."""
    import networkx as nx  # a quarter of a second that only a run needs

    edges = list(_edges())
    chance.shuffle(edges)
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    for one in edges:
        graph.add_edge(one.start, one.end, edge=one)
    # Where more steps begin than end, a path begins: the source leads there, and back from where more end.
    for status in sorted(graph):
        surplus = graph.out_degree(status) - graph.in_degree(status)
        for _ in range(abs(surplus)):
            graph.add_edge(*((_SOURCE, status) if surplus > 0 else (status, _SOURCE)))
    for component in nx.weakly_connected_components(graph):
        whole = graph.subgraph(component)
        start = _SOURCE if _SOURCE in whole else min(component)
        path: list[_Edge] = []
        for step in nx.eulerian_circuit(whole, start, keys=True):
            edge: _Edge | None = whole.edges[step].get("edge")
            full = len(path) >= _LONGEST or (
                edge is not None and edge.stay and any(taken.stay for taken in path)
            )
            if path and (edge is None or full):
                yield path
                path = []
            if edge is not None:
                path.append(edge)
        if path:
            yield path


def refusals_at(status: str) -> Iterator[Step]:
    """What nobody may ask of a room in this status, what only a stay may do, and what a role may not."""
    table = room_lifecycle()
    for target in table.states:
        if target == status:
            continue
        body = {"to_status": target}
        if "housekeeping" not in table.via(status, target):
            by_hand = target == OCCUPIED or table.legal(status, target)
            yield Step(BY_HAND if by_hand else INVALID, "setRoomStatus", actor="manager", body=body)
            continue
        for role in ROLES:
            if not table.may(role, status, target):
                case = f"housekeeping/refuse/permission-{_slug(role)}"
                yield Step(case, "setRoomStatus", actor=role, body=body)


def rooms(seed: int) -> Iterable[Scenario]:
    """Every step of a room by everyone who may take it, and on the way every refusal."""
    chance = random.Random(f"{seed}/walks/rooms")  # noqa: S311 - an order, not a secret
    paths = list(_paths(chance))
    visits = Counter(status for path in paths for edge in path for status in _visited(edge))
    to_refuse = {status: list(refusals_at(status)) for status in visits}
    for steps in to_refuse.values():
        chance.shuffle(steps)

    def refused(status: str) -> list[Step]:
        """The share of this visit, so that no walk is much longer than the others."""
        share = -(-len(to_refuse[status]) // visits[status])
        visits[status] -= 1
        taken, to_refuse[status] = to_refuse[status][:share], to_refuse[status][share:]
        return taken

    for number, path in enumerate(paths, 1):
        yield Scenario(
            f"walk/room/{number}",
            "walks",
            (_begin(path),),
            tuple(step for edge in path for step in _steps(edge, refused)),
        )


def _visited(edge: _Edge) -> tuple[str, ...]:
    return (edge.start, OCCUPIED) if edge.stay else (edge.start,)


def _steps(edge: _Edge, refused: Callable[[str], list[Step]]) -> list[Step]:
    if edge.stay:
        came = [Step("walk/check-in", "checkIn", actor=edge.role), *refused(OCCUPIED)]
        return [*refused(edge.start), *came, Step("walk/check-out", "checkOut", actor=edge.role)]
    body = {"to_status": edge.end, "note": "as the table allows"}
    return [
        *refused(edge.start),
        Step("housekeeping/setRoomStatus", "setRoomStatus", actor=edge.role, body=body),
    ]


def _begin(path: list[_Edge]) -> Wanted:
    """The state a walk begins in, with a booking for the room when the walk has a stay."""
    start = path[0].start
    if not any(edge.stay for edge in path):
        return Wanted(ROOM, {"room_status": start})
    return Wanted(READY) if start == "READY_FOR_GUEST" else Wanted(NOT_READY, {"room_status": start})


_OPERATIONS = {
    "check_in": "checkIn",
    "check_out": "checkOut",
    "assign_room": "assignRoom",
    "unassign_room": "unassignRoom",
    "move_room": "moveRoom",
}
_BESIDE = Wanted(ROOM, {"room_status": "READY_FOR_GUEST"}, prefix="beside_")


def _command(command: str, case: str, room: str) -> Step:
    body = {"assign_room": {"room_id": room}, "move_room": {"to_room_id": room}}.get(command)
    return Step(case, _OPERATIONS[command], body=body)


def commands_refused(state: BookingState) -> Iterator[str]:
    """The commands a booking in this state must refuse; what is done already is a repeat, which may be answered either way."""
    repeats = {("in_house", "check_in"), ("departed", "check_out")}
    for command in BOOKING_COMMANDS:
        if not booking_lifecycle().legal(state, command) and (state.phase, command) not in repeats:
            yield command


def bookings(seed: int) -> Iterable[Scenario]:
    """Every command in every state of a booking: a whole stay, and one walk for every status that has none."""
    chance = random.Random(f"{seed}/walks/bookings")  # noqa: S311 - an order, not a secret

    def refused(state: BookingState, room: str = "{beside_room_id}") -> list[Step]:
        where = f"{_slug(state.phase)}-{_slug(state.status)}"
        steps = [
            _command(command, f"booking/refuse/{_slug(command)}-{where}", room)
            for command in commands_refused(state)
        ]
        chance.shuffle(steps)
        return steps

    expected, in_house = BookingState("expected", "CONFIRMED"), BookingState("in_house", "CONFIRMED")
    departed = BookingState("departed", "COMPLETED")
    give = _command("assign_room", "walk/assign", "{free_room_id}")
    take = _command("unassign_room", "walk/unassign", "")
    yield Scenario(
        "walk/booking/stay",
        "walks",
        (Wanted(NO_ROOM), _BESIDE),
        (
            give, take, give, *refused(expected), _command("check_in", "walk/check-in", ""), *refused(in_house),
            _command("move_room", "walk/move", "{beside_room_id}"), Step("check-in/repeat", "checkIn"), _command("check_out", "walk/check-out", ""),
            *refused(departed, "{free_room_id}"),
        ),
    )  # fmt: skip
    for state in booking_lifecycle().states:
        if state in (expected, in_house, departed):
            continue
        legal = (take, _command("assign_room", "walk/assign", "{room_id}"))
        yield Scenario(
            f"walk/booking/{_slug(state.status)}",
            "walks",
            (Wanted("booking with status", {"status": state.status}), _BESIDE),
            (*refused(state), *(() if booking_lifecycle().terminal(state) else legal)),
        )
