"""What a change of a schema means for the two sides: it depends on who writes what the schema describes, and who reads it.

A *writer* breaks when less is let through than before; a *reader* when more is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from contract.diff.inclusion import Answer, Verdict
from contract.diff.model import Impact, breaks, fits, words
from contract.diff.usage import Role, Use

_WRITES = {
    Role.REQUEST: "requests that were right before may be refused",
    Role.REPLY: "what a backend rightly sent before may be wrong now",
    Role.SHOWN: "what a backend rightly told the suite before may be wrong now",
}
_READS = {
    Role.REQUEST: "a backend has to accept requests that it could refuse",
    Role.REPLY: "a frontend may get what it never had to read",
    Role.ASKED: "the suite may ask for what it never asked for; where a backend cannot do it, rules are inconclusive",
}
_KEEPS = {
    ("consumers", Role.REQUEST): "every request that was right still is",
    ("consumers", Role.REPLY): "whatever arrives was possible before",
    ("providers", Role.REQUEST): "it accepts every request that still is right",
    ("providers", Role.REPLY): "whatever it sent is still right",
    ("providers", Role.ASKED): "it is asked for nothing new",
    ("providers", Role.SHOWN): "whatever it told the suite is still right",
}


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change does to the set of instances: is every old one still let through (`kept`), was every new one before
    (`known`)? `note` says what a break hangs on, when it is not certain to be one."""

    kept: Answer
    known: Answer
    note: str = ""

    @property
    def none(self) -> bool:
        return self.kept.verdict is self.known.verdict is Verdict.YES


def impacts(effect: Effect, uses: Iterable[Use]) -> tuple[Impact, Impact]:
    """What it means for consumers and for providers."""
    if effect.none:
        same = fits("the same in other words")
        return same, same
    found = list(uses)
    if not found:
        unused = fits("nothing of the contract refers to it")
        return unused, unused
    if all(use.role is Role.OWN for use in found):
        own = fits("a file or message of staycheck itself, not of the contract")
        return own, own
    return _side("consumers", effect, found), _side("providers", effect, found)


def _side(side: str, effect: Effect, uses: list[Use]) -> Impact:
    reasons: dict[str, bool] = {}
    undecided = ""
    roles = sorted({use.role for use in uses if side in use.role.value}, key=lambda role: role.name)
    for use in uses:
        kept, known = (effect.kept, effect.known) if use.sign == "+" else (effect.known, effect.kept)
        for mine, answer, whys in ((use.role.writer, kept, _WRITES), (use.role.reader, known, _READS)):
            if mine == side and answer.verdict is not Verdict.YES:
                why = whys[use.role]
                proven = answer.verdict is Verdict.NO and use.role is not Role.ASKED
                reasons[why] = reasons.get(why, False) or proven
                undecided = undecided or answer.reason
    if not roles:
        return fits(f"{side} neither write nor read it")
    if not reasons:
        return fits(" and ".join(dict.fromkeys(_KEEPS[side, role] for role in roles)))
    certain = any(reasons.values()) and not effect.note
    told = ", and ".join(sorted(reasons))
    if not any(reasons.values()) and undecided:
        told = f"{told} (cannot be decided: {undecided})"
    elif effect.note:
        told = f"{told}, {effect.note}"
    return breaks(told, certain=certain)


def default_impacts(uses: Iterable[Use]) -> tuple[Impact, Impact]:
    """A `default` says what leaving something out means: a promise in a request, a remark everywhere else."""
    if not any(use.role is Role.REQUEST for use in uses):
        return words("what is left out is up to nobody here"), words("what is left out is up to nobody here")
    return (
        breaks("who leaves it out gets something else than before"),
        breaks("a backend has to act otherwise when it is left out"),
    )
