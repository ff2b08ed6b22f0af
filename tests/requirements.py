"""What the tests need from the machine, and whether its absence is a skip or a failure.

On a developer's machine a missing server or program skips its tests and says why. In CI, `STAYCHECK_REQUIRE` lists what
must be there (`STAYCHECK_REQUIRE=postgres,node`): its absence then fails, so that no job stays green by skipping.
"""

from __future__ import annotations

import os
import shutil

import pytest

NAMES = frozenset({"postgres", "redis", "node", "browser"})


def required() -> frozenset[str]:
    """The names in STAYCHECK_REQUIRE, separated by commas or blanks; raises ValueError for a name nobody knows."""
    names = frozenset(os.environ.get("STAYCHECK_REQUIRE", "").replace(",", " ").split())
    unknown = names - NAMES
    if unknown:
        raise ValueError(f"STAYCHECK_REQUIRE names {sorted(unknown)}, known are {sorted(NAMES)}")
    return names


def require(name: str, available: bool, reason: str) -> None:
    """Go on if `available`; otherwise fail when CI requires `name`, and skip when it does not."""
    if name not in NAMES:
        raise ValueError(f"{name} is not one of {sorted(NAMES)}")
    must = name in required()
    if available:
        return
    if must:
        pytest.fail(f"{name} is required by STAYCHECK_REQUIRE: {reason}", pytrace=False)
    pytest.skip(f"{name}: {reason}")


def chromium() -> str:
    """The path of the browser. Fails or skips, as `require` does, when there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    require("browser", found is not None, "no Chromium is on the PATH")
    assert found is not None
    return found
