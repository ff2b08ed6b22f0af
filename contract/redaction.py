"""Keeps raw tokens, passwords and secrets out of histories, reports, logs and messages (design, law 6).

A secret becomes its fingerprint, `fp:` and 12 hex digits, so that two equal secrets can still be seen to be equal.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus, unquote

SHORT = 8
"""A known secret of fewer characters is replaced only where it is the whole text: inside one it may be any word."""

_FRESH = 64
"""So many forms of secrets are looked for one by one before they join the pattern: compiling it takes milliseconds."""

_REMEMBERED = 50_000
_TEXT = 200
"""Cleaned texts that are remembered, and up to how many characters: keys and short values come again and again."""

_SENSITIVE_ENDS = ("token", "password", "secret", "authorization", "cookie")
_FINGERPRINT = re.compile(r"fp:[0-9a-f]{12}", re.ASCII)
_SCHEMED = re.compile(r"(?P<before>[A-Za-z]+ +)(?P<secret>\S+)", re.ASCII)
_IN_TEXT = re.compile(
    r"(?P<before>\b(?:(?:[\w-]*(?:token|secret|password)|auth)=|authorization[\"']?\s*[:=]\s*[\"']?(?:[a-z]+ +)?))"
    r"(?P<secret>[^&\s\"'#;,]+)",
    re.ASCII | re.IGNORECASE,
)


def fingerprint(secret: str) -> str:
    """`fp:` and the first 12 hex digits of the SHA-256 of the secret; a fingerprint is left as it is."""
    if _FINGERPRINT.fullmatch(secret) is not None:
        return secret
    return "fp:" + hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()[:12]


@lru_cache(maxsize=1024)
def is_sensitive(key: str) -> bool:
    """Whether a key says that its value is a secret, such as `guest_token`, `Authorization`, `set-cookie`, `auth`."""
    plain = key.lower().replace("-", "").replace("_", "")
    return plain == "auth" or plain.endswith(_SENSITIVE_ENDS)


@lru_cache(maxsize=1024)
def is_password(key: str) -> bool:
    """Whether a key says that its value is a password."""
    return key.lower().endswith("password")


REDACTED = "[redacted]"
"""What stands for a password: people choose short ones, and the fingerprint of a short one can be guessed."""


class Redactor:
    """Replaces secrets by their fingerprints, wherever they stand.

    Knows the secrets it was told of, plain, percent-encoded and JSON-escaped; and takes for secret whatever stands under a
    sensitive key, behind `token=` and its like, or behind `Authorization:` in a text. Cleaning twice is cleaning once.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._marks: dict[str, str] = {}
        self._pattern: re.Pattern[str] | None = None
        self._fresh: list[str] = []
        self._cleaned: dict[str, str] = {}
        self._unproven: list[str] = []
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> str:
        """From now on the secret is replaced wherever it occurs; answers its fingerprint. Empty text is no secret."""
        mark = fingerprint(secret)
        if secret and secret != mark and secret not in self._marks:
            for form in {secret, *_encodings(secret)}:
                self._marks[form] = mark
                self._unproven.append(form)
                if len(form) >= SHORT:
                    self._fresh.append(form)
        return mark

    def _known(self, text: str) -> re.Pattern[str] | None:
        """The pattern of all known secrets, as far as the text needs it."""
        if len(self._fresh) > _FRESH or any(form in text for form in self._fresh):
            count = len(self._fresh)
            # The longest first, so that a secret inside another does not spoil the other.
            long = sorted((form for form in self._marks if len(form) >= SHORT), key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, long)))
            del self._fresh[:count]  # another thread may have added some since
        return self._pattern

    def _remembered(self) -> dict[str, str]:
        """Texts cleaned before, and what came of them: of no use where a secret is in one that was not known then."""
        if self._unproven or len(self._cleaned) > _REMEMBERED:
            count, texts = len(self._unproven), "\n".join(self._cleaned)
            if len(self._cleaned) > _REMEMBERED or any(form in texts for form in self._unproven):
                self._cleaned.clear()
            del self._unproven[:count]
        return self._cleaned

    def clean(self, value: Any) -> Any:
        """A copy of a JSON value without secrets; keys are cleaned too. Tuples become lists."""
        if isinstance(value, str):
            return self.clean_text(value)
        if isinstance(value, dict | Mapping):  # dict first: asking for a Mapping takes ten times as long
            return {self.clean_text(key): self._under(key, inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.clean(inner) for inner in value]
        return value

    def _under(self, key: str, value: Any) -> Any:
        if not is_sensitive(key):
            return self.clean(value)
        return REDACTED if value and isinstance(value, str) and is_password(key) else self._hide(value)

    def clean_text(self, text: str) -> str:
        """The text without secrets."""
        if not text:
            return text
        remembered = self._remembered()
        if (clean := remembered.get(text)) is None:
            clean = self._replaced(text)
            if len(text) <= _TEXT:
                remembered[text] = clean
        return clean

    def _replaced(self, text: str) -> str:
        if (mark := self._marks.get(text)) is not None:
            return mark
        if (known := self._known(text)) is not None:
            text = known.sub(lambda found: self._marks[found[0]], text)
        if "=" in text or ":" in text:
            text = _IN_TEXT.sub(lambda found: found["before"] + fingerprint(unquote(found["secret"])), text)
        return text

    def _hide(self, value: Any) -> Any:
        """What stands under a sensitive key: every text and number in it is secret, null and booleans are not."""
        if isinstance(value, str):
            schemed = _SCHEMED.fullmatch(value)
            if schemed is not None:
                return schemed["before"] + fingerprint(schemed["secret"])
            return fingerprint(value) if value else value
        if isinstance(value, dict | Mapping):
            return {self.clean_text(key): self._hide(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self._hide(inner) for inner in value]
        return value if value is None or isinstance(value, bool) else fingerprint(repr(value))


def _encodings(secret: str) -> tuple[str, ...]:
    """The other ways a secret is written in a URL or in JSON inside a text."""
    try:
        return quote(secret, safe=""), quote(secret), quote_plus(secret), json.dumps(secret)[1:-1]
    except UnicodeEncodeError:  # a lone surrogate, which no URL can carry
        return (json.dumps(secret)[1:-1],)
