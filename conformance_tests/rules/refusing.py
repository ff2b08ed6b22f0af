"""Refusals: that they are made, with which code, in which form. Generated from the table of refusals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from conformance_tests.entries import Operation
from conformance_tests.episode import Episode, Facts
from conformance_tests.refusals import BY_CASE, REFUSALS, Refusal
from conformance_tests.room_scope_refusals import CLAUSE as ROOM_SCOPE_CLAUSE
from conformance_tests.rule import OK, Finding, Inconclusive, Violation, call_rule, rule
from conformance_tests.rules.facts import EFFECTING, GUEST_READS, is_refusal_case, seqs, succeeded
from conformance_tests.rules.values import dig, show
from contract.clauses import load_clauses
from contract.errors import status_of
from contract.schema_store import schema_store


def code_of(operation: Operation) -> str | None:
    """The error code of an answer in the canonical envelope."""
    found = dig(dict(operation.answered), "error", "code")
    return found if isinstance(found, str) and found else None


def _rule_id(refusal: Refusal) -> str:
    """`check-in/refuse/room-ready`: the operation of the case, and the last word of its clause."""
    return f"{refusal.case.split('/')[0]}/refuse/{refusal.clause.split('/')[-1]}"


def _groups() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Rule id -> (clause, cases): cases of one operation and one clause are one rule."""
    found: dict[str, tuple[str, list[str]]] = {}
    for refusal in REFUSALS:
        if refusal.later or refusal.clause == ROOM_SCOPE_CLAUSE:
            continue  # which of several reasons is told: rules/refusal_order; whose room it is: rules/room_scope
        found.setdefault(_rule_id(refusal), (refusal.clause, []))[1].append(refusal.case)
    return {rule_id: (clause, tuple(cases)) for rule_id, (clause, cases) in found.items()}


def _register_refused(rule_id: str, clause: str, cases: tuple[str, ...]) -> None:
    text = load_clauses()[clause].text.rstrip(".")
    begins = (
        text if text.split()[0].isupper() and len(text.split()[0]) > 1 else f"{text[0].lower()}{text[1:]}"
    )
    title = f"{cases[0].split('/')[0]}: {begins}"

    @rule(rule_id, title, clause, hint="Check it on the server, under the lock, before anything is written.")
    def judge(episode: Episode) -> Iterator[Finding]:
        for operation in episode.operations:
            if operation.case not in cases:
                continue
            if operation.status is None:
                yield Inconclusive(f"{operation.case} got no answer in time")
            elif 400 <= operation.status < 500:
                yield OK
            else:
                due = BY_CASE[operation.case]
                yield Violation(
                    clause,
                    f"{operation.case} was {'carried out' if succeeded(operation) else 'not refused with a 4xx'}",
                    (f"{status_of(due.code)} {due.code}", "another 4xx with a code"),
                    f"{operation.status} {show(operation.answered.get('error', operation.answered.get('message')))}",
                    seqs(operation, "booking", "room"),
                )


for _id, (_clause, _cases) in _groups().items():
    _register_refused(_id, _clause, _cases)


def _codes() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Clause of a code -> (code, cases it is due for)."""
    cases: dict[str, list[str]] = defaultdict(list)
    for refusal in REFUSALS:
        if not refusal.later:
            cases[refusal.code].append(refusal.case)
    known = load_clauses()
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for code, names in cases.items():
        clause = f"errors/code/{code.lower().replace('_', '-')}"
        if clause in known:
            found[clause] = (code, tuple(names))
    return found


def _register_code(clause: str, code: str, cases: tuple[str, ...]) -> None:
    status = status_of(code)
    # a wrong password and a guest's token have clauses of their own that leave the status open
    judged = frozenset(case for case in cases if not case.startswith(("login/", "guest/")))

    @rule(clause, f"{code} goes with {status}", clause, hint=f"Answer {status} with error.code {code}.")
    def judge(episode: Episode) -> Iterator[Finding]:
        for operation in episode.operations:
            if operation.case not in judged or operation.status is None or operation.status < 400:
                continue
            if operation.status == status and code_of(operation) == code:
                yield OK
            else:
                yield Violation(
                    clause,
                    f"{operation.case} is refused with another code or status",
                    (f"{status} {code}",),
                    f"{operation.status} {code_of(operation) or 'no code'}",
                    operation.witness,
                )


for _clause, (_code, _cases) in _codes().items():
    _register_code(_clause, _code, _cases)


_REFUSES = frozenset((*EFFECTING, *GUEST_READS, "channelAuth", "staffLogin"))


def _refused(operation: Operation) -> bool:
    """The call was refused or broke: an answer of 400 or more."""
    if operation.status is None or operation.status < 400 or operation.reply is None:
        return False
    return is_refusal_case(operation) or operation.operation in _REFUSES


@call_rule(
    "errors/structured", "A refusal is a 4xx with a machine-readable code", "errors/structured",
    hint="One handler renders every refusal; a dialect may say where the code stands.",
)  # fmt: skip
def structured(operation: Operation, _: Facts) -> Iterator[Finding]:
    if not _refused(operation):
        return
    if operation.status is not None and operation.status >= 500:
        return
    kind = (operation.reply.content_type if operation.reply else None) or "application/json"
    if code_of(operation) is not None and "json" in kind.lower():
        yield OK
    elif code_of(operation) is not None:
        message = (
            f"{operation.case or operation.operation} is refused with JSON that is said to be something else"
        )
        yield Violation("errors/structured", message, ("application/json",), kind, operation.witness)
    else:
        body = operation.reply.body if operation.reply else None
        message = f"{operation.case or operation.operation} is refused without a code"
        yield Violation(
            "errors/structured",
            message,
            ('{"error": {"code", "message"}}',),
            show(body),
            operation.witness,
        )


@call_rule(
    "errors/envelope", "Every refusal has the one error shape", "errors/envelope",
    hint="Render every refusal in one place.",
)  # fmt: skip
def envelope(operation: Operation, _: Facts) -> Iterator[Finding]:
    if not _refused(operation):
        return
    if operation.reply is None or code_of(operation) is None:
        return
    if schema_store().valid("resources/error.schema.json", operation.reply.body):
        yield OK
    else:
        message = (
            f"{operation.case or operation.operation}: the refusal has another shape, or a code of its own"
        )
        yield Violation(
            "errors/envelope",
            message,
            ("resources/error.schema.json",),
            show(operation.reply.body),
            operation.witness,
        )


@call_rule(
    "errors/never-5xx", "A refusal is never a 5xx", "errors/never-5xx",
    hint="Catch what you expect and refuse with a code; a crash is no refusal.",
)  # fmt: skip
def never_5xx(operation: Operation, _: Facts) -> Iterator[Finding]:
    if not _refused(operation):
        return
    if operation.status is not None and operation.status >= 500:
        message = f"{operation.case or operation.operation} is answered with a 5xx"
        yield Violation(
            "errors/never-5xx", message, ("4xx with a code",), str(operation.status), operation.witness
        )
    else:
        yield OK


@call_rule(
    "errors/never-html", "A refusal is never an HTML page", "errors/never-html",
    hint="Turn off debug pages and default error pages on API paths.",
)  # fmt: skip
def never_html(operation: Operation, _: Facts) -> Iterator[Finding]:
    if not _refused(operation):
        return
    reply = operation.reply
    body = reply.body if reply else None
    is_html = "html" in ((reply.content_type if reply else None) or "").lower()
    if is_html or (isinstance(body, str) and body.lstrip()[:1] == "<"):
        message = f"{operation.case or operation.operation} is refused with an HTML page"
        yield Violation("errors/never-html", message, ("JSON",), show(body), operation.witness)
    else:
        yield OK


@rule(
    "login/refused-status", "A wrong name or password is answered with 400, 401 or 403",
    "endpoints/staff-login/wrong-password",
    hint="Answer an unknown name as you answer a wrong password, or names can be guessed.",
)  # fmt: skip
def login_refused(episode: Episode) -> Iterator[Finding]:
    for operation in episode.operations:
        if operation.case not in ("login/refuse/wrong-password", "login/refuse/unknown-user"):
            continue
        if operation.status is None or not 400 <= operation.status < 500 or operation.status == 429:
            continue  # carried out or broken is for other rules to say; who asks too often is told so
        if operation.status in (400, 401, 403):
            yield OK
        else:
            yield Violation(
                "endpoints/staff-login/wrong-password",
                f"{operation.case} is refused with another status",
                ("400", "401", "403"),
                str(operation.status),
                operation.witness,
            )


@rule(
    "housekeeping/turnover-required", "A room that was left takes nobody until it is READY_FOR_GUEST",
    "housekeeping/turnover-required",
    hint="Check room_status at check-in, not only is_occupied.",
)  # fmt: skip
def turnover_required(episode: Episode) -> Iterator[Finding]:
    for operation in episode.operations:
        dirty = operation.case == "check-in/refuse/room-checkout-dirty"
        second = operation.case == "check-in/refuse/second-booking-of-room"
        rooms = [probe.state for probe in operation.before if probe.name == "room"]
        dirty = dirty or (second and any(dig(room, "room_status") == "CHECKOUT_DIRTY" for room in rooms))
        if not dirty or operation.status is None:
            continue
        if operation.status >= 400:
            yield OK
        else:
            message = "a check-in into a room that was left and not cleaned was carried out"
            yield Violation(
                "housekeeping/turnover-required", message, ("4xx ROOM_NOT_READY",), str(operation.status),
                seqs(operation, "room"),
            )  # fmt: skip
