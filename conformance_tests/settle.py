"""When a call has come to rest: the events due are in (or given up), and a fence has passed after them.

Which events are due is in the contract (`x-events` of the operation). What has not come twice in a row in the time
allowed is not waited for long again in the middle of the run, nor is anything after an operation whose events have not
been whole twice in a row; it is waited for at its end, once for all, until the observer has fallen silent. So a backend
that never publishes an event is judged in seconds, and one that lags is not accused of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from conformance_tests.recorder import Expectation, Fits, Key, Recorder
from contract.channels import ChannelKind, guest_channel, parse_channel, rooms_channel, staff_channel
from contract.operations import operation

_GIVE_UP_AFTER = 2
_HOPELESS = 0.2
"""Seconds to wait at once for what never came; it is waited for again at the end of the run."""
_SILENCES, _LEAST_SILENCE, _LONGEST_DRAIN, _LONGEST_OF_A_LATE = 2, 3.0, 30.0, 60.0
"""How long an observer must have been silent before what it owes is missing: a multiple of the time an event may take, or of
the time the latest one of this run took, in seconds at least; and how many seconds are spent on that at most, and at most where
events were so late that this is too little for two such silences."""


@dataclass(frozen=True, slots=True)
class About:
    """Whom an operation is about: its hotel, its booking, and the room or rooms it changes (empty when unknown)."""

    hotel_slug: str
    hotel_id: int
    booking_id: str
    rooms: tuple[str, ...]


Sight = Mapping[str, Sequence[ChannelKind]]
"""Observer -> the kinds of channel it sees."""

_Memory = tuple[str, str, str]
"""Observer, kind of channel, name of the event."""


def due(operation_id: str, about: About, sight: Sight, *, guest: Iterable[str]) -> list[Key]:
    """The events a first success of the operation owes, at every observer that can see them.

    `guest` are the observers that see this booking's guest channel.
    """
    sees_guest = frozenset(guest)
    keys: list[Key] = []
    for event in operation(operation_id).events:
        channel = {
            "rooms": rooms_channel(about.hotel_slug),
            "staff": staff_channel(about.hotel_id),
            "guest": guest_channel(about.booking_id),
        }[event.channel]
        if event.per == "room":
            subjects = about.rooms if event.both_rooms else about.rooms[:1]
        else:
            subjects = (about.booking_id,)
        for observer, kinds in sight.items():
            if event.channel not in kinds or (event.channel == "guest" and observer not in sees_guest):
                continue
            keys += [(observer, channel, event.event, subject) for subject in subjects if subject]
    return keys


class Settler:
    """Waits for events, and remembers which never come, and after which operation they are never whole."""

    def __init__(self, recorder: Recorder, within: float) -> None:
        self._recorder, self._within = recorder, within
        self._missed: Counter[_Memory | str] = Counter()
        self._owed: list[Expectation] = []

    def expect(self, keys: Iterable[Key], after: str, fits: Fits | None = None) -> Expectation:
        """Begin to wait for what is due after the operation `after` (or whatever else publishes it).

        Before the call, because its events may come before its answer.
        """
        return self._recorder.expect(keys, fits, after=after)

    async def settled(self, expectation: Expectation, within: float | None = None) -> tuple[Key, ...]:
        """Wait for what is due, at most `within` seconds, or the time the target allows. What did not come."""
        if within is not None:
            await expectation.wait(within)
        missing = await expectation.wait(min(_HOPELESS, self._within))
        if self._missed[expectation.after] < _GIVE_UP_AFTER and any(
            self._missed[_memory(key)] < _GIVE_UP_AFTER for key in missing
        ):
            missing = await expectation.wait(self._within)
        if missing:
            self._owed.append(expectation)
            self._missed[expectation.after] += 1
        else:
            expectation.over()
        if expectation.wanted and not missing:
            self._missed.pop(expectation.after, None)
        for key in expectation.wanted:
            if key not in missing:
                self._missed.pop(_memory(key), None)
        self._missed.update(_memory(key) for key in missing)
        return missing

    def hope_again(self) -> None:
        """Wait for everything as if nothing had been missed: who is now alone is to be given all the time there is."""
        self._missed.clear()

    async def drained(self) -> bool:
        """Wait for what is still owed until it has come, or its observers have been silent for long.

        A backend that lags behind is waited for as long as it goes on publishing, within bounds; then the answer is
        False, and absence is proven by nothing. One that was seen to be so late may be so again.
        """
        begun = self._recorder.now()
        while owed := [expectation for expectation in self._owed if expectation.keys]:
            observers = {key[0] for expectation in owed for key in expectation.keys}
            silences = {name: self._silence(name) for name in observers}
            more = max(silences[name] - self._recorder.silent_for(name) for name in observers)
            longest = max(_LONGEST_DRAIN, min(_LONGEST_OF_A_LATE, 2 * max(silences.values())))
            left = begun + longest - self._recorder.now()
            if more <= 0:
                return True
            if left <= 0:
                return False
            await owed[0].wait(min(more, left))
        return True

    def _silence(self, observer: str) -> float:
        return max(_SILENCES * max(self._within, self._recorder.latest(observer)), _LEAST_SILENCE)


def _memory(key: Key) -> _Memory:
    observer, channel, name, _ = key
    parsed = parse_channel(channel)
    return observer, parsed.kind if parsed is not None else channel, name
