"""What is to be done to the n-th event of a channel, or the n-th request of an operation: a function of the plan and of n.

Laws: the same seed and the same sequence on a channel (or of an operation) give the same decisions, whatever happens on
others in between. Chance is drawn from seed, rule, subject and n, so another rule in the plan changes nothing either.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any, TypeAlias

from contract.channels import parse_channel
from reference_server.chaos.plan import Action, On, Plan, Rule


@dataclass(frozen=True, slots=True)
class Sighting:
    """An event on its way to a publisher, or a request that came in. `via` (the publisher) has counts of its own and the same
    luck, so that every publisher meets the same."""

    channel: str | None = None
    event: str | None = None
    operation: str | None = None
    actor: str | None = None
    via: str = ""

    @property
    def subject(self) -> str:
        """What is counted: the channel, or the operation."""
        return self.channel if self.channel is not None else self.operation or ""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many a rule was for on one subject, and how often it did something."""

    seen: int = 0
    done: int = 0


Key: TypeAlias = tuple[str, str, str]
Tallies: TypeAlias = Mapping[Key, Tally]


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing to do. `n`: the how-manieth of its subject it is done to; `settings` as in the plan, with what was drawn:
    `ms` of a jitter, `passes` of a reorder."""

    rule: str
    action: Action
    n: int
    settings: Mapping[str, Any] = field(default_factory=dict)


def choose(plan: Plan, tallies: Tallies, seen: Sighting) -> tuple[dict[Key, Tally], tuple[Deed, ...]]:
    """The tallies that changed, and what is to be done, in the order of the rules."""
    changed: dict[Key, Tally] = {}
    deeds: list[Deed] = []
    for rule in plan.rules:
        if not matches(rule.on, seen):
            continue
        key = (rule.name, seen.via, seen.subject)
        tally = tallies.get(key, Tally())
        n = tally.seen + 1
        hit = _due(rule, n, tally.done) and chance(plan.seed, rule.name, seen.subject, n) < rule.probability
        changed[key] = Tally(n, tally.done + hit)
        if hit:
            deeds += [_deed(plan.seed, rule, seen.subject, n, action) for action in rule.do]
    return changed, tuple(deeds)


def matches(on: On, seen: Sighting) -> bool:
    """Whether a rule is for it."""
    if on.side == "event":
        return (
            seen.channel is not None
            and _fits(on.event, seen.event)
            and (on.channel is None or _on_channel(on.channel, seen.channel))
        )
    return seen.operation is not None and _fits(on.operation, seen.operation) and _fits(on.actor, seen.actor)


def chance(seed: int, rule: str, subject: str, n: int, purpose: str = "") -> float:
    """A number in [0, 1) that follows from its arguments, on every machine alike."""
    text = "\0".join((str(seed), rule, subject, str(n), purpose))
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return (int.from_bytes(digest) >> 11) / (1 << 53)


def _due(rule: Rule, n: int, done: int) -> bool:
    counted = n - rule.after
    return counted > 0 and counted % rule.every == 0 and (rule.times is None or done < rule.times)


def _deed(seed: int, rule: Rule, subject: str, n: int, action: Action) -> Deed:
    settings = dict(rule.do[action])
    drawn = chance(seed, rule.name, subject, n, action)
    if action == "jitter":
        settings["ms"] = round(drawn * settings["ms"])
    elif action == "reorder":
        settings["passes"] = 1 + int(drawn * settings["window"])
    return Deed(rule.name, action, n, MappingProxyType(settings))


def _fits(pattern: str | None, text: str | None) -> bool:
    return pattern is None or (text is not None and fnmatchcase(text, pattern))


def _on_channel(pattern: str, channel: str) -> bool:
    if pattern in ("rooms", "staff", "guest"):
        found = parse_channel(channel)
        return found is not None and found.kind == pattern
    return fnmatchcase(channel, pattern)
