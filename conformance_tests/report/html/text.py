"""Text of a history in a page: all of it seen, none of it obeyed.

A template escapes what it is given. Beside that, characters that are not seen, that turn the text around them, or that no page can
hold (half a surrogate pair) are shown by their code, as JSON writes them.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

from markupsafe import Markup

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufdd0-\ufdef\ufeff\ufff9-\ufffc\ufffe\uffff\ud800-\udfff]"
    "|[\U000e0000-\U000e0fff]"
)


def visible(value: Any) -> Any:
    """The value as a template is to show it; what is no text, or is markup already, stays as it is."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return _UNSEEN.sub(_code, value)
    return value


def _code(found: re.Match[str]) -> str:
    number = ord(found[0])
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def policy_source(text: str) -> str:
    """What a content security policy calls an inline style or script by: its hash."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
