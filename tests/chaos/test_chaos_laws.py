"""The laws of choosing and of the lines: repeatable, independent of what happens beside it, nothing lost, bounded disorder."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reference_server.chaos.choosing import Deed, Key, Sighting, Tally, chance, choose
from reference_server.chaos.lanes import Line, Waiting
from reference_server.chaos.plan import Plan, parse_plan
from reference_server.realtime.publishers import Message

CHANNELS = ("grand-demo.rooms", "staff-hotel-1", "private-guest-booking.BK-1")
sightings = st.one_of(
    st.builds(
        Sighting,
        channel=st.sampled_from(CHANNELS),
        event=st.sampled_from(["room_updated", "booking_updated"]),
        via=st.sampled_from(["hub", "outer"]),
    ),
    st.builds(
        Sighting,
        operation=st.sampled_from(["checkIn", "checkOut"]),
        actor=st.sampled_from(["staff", "guest"]),
    ),
)
counts = st.fixed_dictionaries(
    {},
    optional={
        "probability": st.floats(0.05, 1),
        "every": st.integers(1, 4),
        "after": st.integers(0, 5),
        "times": st.integers(1, 5),
    },
)
events = st.fixed_dictionaries(
    {
        "on": st.sampled_from([{"channel": "*"}, {"channel": "rooms"}, {"event": "booking_*"}]),
        "do": st.sampled_from(
            [{"duplicate": {}}, {"drop": {}}, {"jitter": {"ms": 500}}, {"reorder": {"window": 4}}]
        ),
    }
)
requests = st.fixed_dictionaries(
    {
        "on": st.sampled_from([{"operation": "check*"}, {"actor": "guest"}]),
        "do": st.sampled_from([{"status": {}}, {"jitter": {"ms": 200}}]),
    }
)
rules = st.builds(lambda rule, counted: rule | counted, st.one_of(events, requests), counts)
plans = st.builds(
    lambda seed, found: parse_plan({"seed": seed, "rules": found}),
    st.integers(0, 2**40),
    st.lists(rules, min_size=1, max_size=4),
)


def run(plan: Plan, sequence: list[Sighting]) -> list[tuple[Sighting, tuple[Deed, ...]]]:
    tallies: dict[Key, Tally] = {}
    found = []
    for seen in sequence:
        changed, deeds = choose(plan, tallies, seen)
        tallies |= changed
        found.append((seen, deeds))
    return found


@given(plans, st.lists(sightings, max_size=40))
def test_the_same_seed_and_sequence_give_the_same_decisions(plan: Plan, sequence: list[Sighting]) -> None:
    assert run(plan, sequence) == run(parse_plan(dict(plan.document)), sequence)


@given(plans, st.lists(sightings, max_size=40))
def test_what_happens_on_other_subjects_in_between_changes_nothing(
    plan: Plan, sequence: list[Sighting]
) -> None:
    """Every subject's own sequence, alone, and in any interleaving with the others, meets the same."""
    whole = run(plan, sequence)
    for subject in {(seen.subject, seen.via) for seen in sequence}:
        own = [seen for seen in sequence if (seen.subject, seen.via) == subject]
        assert run(plan, own) == [pair for pair in whole if (pair[0].subject, pair[0].via) == subject]


@given(plans, st.lists(sightings, max_size=40))
def test_a_rule_more_in_the_plan_changes_nothing_that_others_do(plan: Plan, sequence: list[Sighting]) -> None:
    extra = {"name": "one-more", "on": {"channel": "*"}, "do": {"delay": {"ms": 1}}, "probability": 0.5}
    more = parse_plan({"seed": plan.seed, "rules": [extra, *plan.document["rules"]]})
    without = [(seen, tuple(d for d in deeds if d.rule != "one-more")) for seen, deeds in run(more, sequence)]
    assert without == run(plan, sequence)


@given(plans, st.lists(sightings.filter(lambda seen: seen.channel is not None), max_size=30))
def test_every_publisher_meets_the_same(plan: Plan, sequence: list[Sighting]) -> None:
    def through(via: str) -> list[tuple[Deed, ...]]:
        return [deeds for _, deeds in run(plan, [Sighting(s.channel, s.event, via=via) for s in sequence])]

    assert through("hub") == through("pusher at 127.0.0.1:80")


@given(st.integers(0, 99), counts, st.integers(1, 60))
def test_counts_are_kept(seed: int, counted: dict[str, Any], length: int) -> None:
    rule = {"name": "it", "on": {"channel": "*"}, "do": {"drop": {}}, **counted}
    seen = [Sighting("c", "e")] * length
    hits = [
        n for n, (_, deeds) in enumerate(run(parse_plan({"seed": seed, "rules": [rule]}), seen), 1) if deeds
    ]
    after, every = counted.get("after", 0), counted.get("every", 1)
    allowed = [n for n in range(1, length + 1) if n > after and (n - after) % every == 0]
    lucky = [n for n in allowed if chance(seed, "it", "c", n) < counted.get("probability", 1)]
    assert hits == lucky[: counted.get("times", length)]


@given(st.integers(0, 2**40), st.text(max_size=5), st.text(max_size=5), st.integers(1, 9999))
def test_chance_is_a_share(seed: int, rule: str, subject: str, n: int) -> None:
    assert 0 <= chance(seed, rule, subject, n) < 1


def test_chance_is_spread_evenly() -> None:
    tenths = Counter(int(10 * chance(7, "rule", "channel", n)) for n in range(10_000))
    assert set(tenths) == set(range(10))
    assert max(tenths.values()) < 1.2 * min(tenths.values())


waits = st.lists(
    st.tuples(st.floats(0, 2), st.integers(0, 4), st.floats(0, 3), st.integers(0, 2), st.floats(0, 1)),
    max_size=25,
)


def drained(line: Line, now: float, hurry: bool = False) -> list[str]:
    """Everything that comes out when nothing more comes in, waiting exactly as long as the line says."""
    found: list[str] = []
    if hurry:
        line.hurry()
    while line:
        message = line.take(now)
        if message is not None:
            found.append(message.event_id)
            continue
        at = line.next_at()
        assert not hurry
        assert at is not None
        assert at > now  # a wait that is over already would spin
        now = at
    return found


def filled(told: list[tuple[float, int, float, int, float]]) -> Line:
    line = Line()
    for number, (late, passes, patience, copies, pause) in enumerate(told):
        message = Message(str(number), "c", "e", "{}")
        line.add(Waiting(message, late, passes, late + patience, copies, pause))
    return line


@given(waits, st.booleans())
def test_everything_comes_out_with_its_copies_and_nothing_else(told: Any, hurry: bool) -> None:
    wanted = Counter({str(number): 1 + one[3] for number, one in enumerate(told)})
    assert Counter(drained(filled(told), 0.0, hurry)) == wanted


@given(waits)
def test_without_reordering_the_first_deliveries_are_in_order(told: Any) -> None:
    plain = [(late, 0, 0.0, copies, pause) for late, _, _, copies, pause in told]
    firsts = list(dict.fromkeys(drained(filled(plain), 0.0)))
    assert firsts == [str(number) for number in range(len(told))]


@given(waits)
def test_nobody_is_overtaken_more_often_than_was_drawn(told: Any) -> None:
    firsts = [int(name) for name in dict.fromkeys(drained(filled(told), 0.0))]
    for place, number in enumerate(firsts):
        assert sum(earlier > number for earlier in firsts[:place]) <= told[number][1]


@given(waits)
def test_what_is_let_go_comes_at_once_in_the_order_it_came(told: Any) -> None:
    firsts = list(dict.fromkeys(drained(filled(told), 0.0, hurry=True)))
    assert firsts == [str(number) for number in range(len(told))]
