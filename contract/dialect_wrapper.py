"""What a backend puts around whole replies: `{"data": {...}}`, `{"success": true, "result": {...}}`.

A wrapper is taken off only when it is there as the dialect says, with all of its constants; else the reply is left as it came,
for the rules to find. So `{"success": false, "result": {...}}` with a status of 200 is no reply. What stands beside the wrapper
and is no constant belongs to the reply.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from contract.dialect_fields import KEPT, DialectError


@dataclass(frozen=True, slots=True)
class Wrapper:
    """`key` holds the reply, None: it stands at the root. `constants` stand beside it, always the same."""

    key: str | None = None
    constants: Mapping[str, Any] = field(default_factory=dict)

    def to_wire(self, body: Any) -> Any:
        """The body in its wrapper; what is neither an object nor a list is in none."""
        if self.key is not None and isinstance(body, Mapping | list):
            return {**self.constants, self.key: body}
        return {**self.constants, **body} if isinstance(body, Mapping) and self.constants else body

    def to_canonical(self, body: Any) -> Any:
        """What stands in the wrapper; the body itself when the wrapper is not there as it should be."""
        if not isinstance(body, Mapping) or not all(
            name in body and _same(body[name], value) for name, value in self.constants.items()
        ):
            return body
        rest = {name: value for name, value in body.items() if name not in self.constants}
        if self.key is None:
            return rest if self.constants else body
        inner = rest.pop(self.key, None)
        if isinstance(inner, list) and not rest:
            return inner
        if not isinstance(inner, Mapping):
            return body
        beside = {KEPT + name if name in inner else name: value for name, value in rest.items()}
        return {**inner, **beside} if beside else inner


@dataclass(frozen=True, slots=True)
class WrapperWords:
    """The wrapper of successful replies and that of refusals. DialectError for one that could not be taken off again."""

    replies: Wrapper = field(default_factory=Wrapper)
    errors: Wrapper = field(default_factory=Wrapper)

    def __post_init__(self) -> None:
        if self.replies.key is None and self.replies.constants:
            raise DialectError(
                "wrapper: constants stand beside a reply, and no key says what the reply stands under",
                ("wrapper", "constants"),
            )
        for place, one in ((("wrapper",), self.replies), (("wrapper", "errors"), self.errors)):
            if one.key in one.constants:
                raise DialectError(
                    f"{'.'.join(place)}: {one.key!r} is the key of the reply and a constant beside it",
                    (*place, "key"),
                )

    def check_errors(self, names: Collection[str]) -> None:
        """DialectError when a constant has the name of a part of a refusal, which then could not be told from it."""
        taken = sorted(set(self.errors.constants) & set(names)) if self.errors.key is None else []
        if taken:
            raise DialectError(
                f"wrapper.errors: the constant {taken[0]!r} is a part of the refusals themselves",
                ("wrapper", "errors", "constants"),
            )


def _same(left: Any, right: Any) -> bool:
    """Equal as JSON: true is not 1."""
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)
