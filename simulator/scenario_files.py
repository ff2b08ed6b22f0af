"""Scenarios as files: the built-in ones in `simulator/scenarios/`, and anybody's own, with the line of what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from contract.schema_files import read_yaml
from contract.schema_store import schema_store
from simulator.clock_setting import ClockSettingError
from simulator.scenario import Scenario, ScenarioError, scenario_of
from simulator.scenario_world import build

_SCHEMA = "files/scenario.schema.json"
_SUFFIX = ".yaml"
_MOST_BYTES = 1_000_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


class ScenarioFileError(ValueError):
    """The scenario cannot be used. The message names the file, the line and the place, and what is wrong there."""


@cache
def built_in_names() -> tuple[str, ...]:
    """The names of the built-in scenarios, sorted."""
    folder = resources.files("simulator") / "scenarios"
    return tuple(sorted(f.name.removesuffix(_SUFFIX) for f in folder.iterdir() if f.name.endswith(_SUFFIX)))


@cache
def built_in(name: str) -> Scenario:
    """A built-in scenario. Raises: KeyError when there is none of that name."""
    if name not in built_in_names():
        raise KeyError(name)
    text = (resources.files("simulator") / "scenarios" / f"{name}{_SUFFIX}").read_text(encoding="utf-8")
    return read_scenario(text, name, f"{name}{_SUFFIX}")


def find_scenario(text: str) -> Scenario:
    """The built-in scenario of that name, or the one in that file. It has been built once, now.

    Raises: `ScenarioFileError`.
    """
    if text in built_in_names():
        return built_in(text)
    path = Path(text)
    try:
        with path.open("rb") as file:
            raw = file.read(_MOST_BYTES + 1)
        if len(raw) > _MOST_BYTES:
            raise ScenarioFileError(f"{text} is larger than a scenario may be ({_MOST_BYTES} bytes).")
        content = raw.decode("utf-8")
    except FileNotFoundError:
        raise ScenarioFileError(
            f"There is no scenario and no file {text!r}. Built in are {', '.join(built_in_names())}."
        ) from None
    except UnicodeDecodeError:
        raise ScenarioFileError(f"{text} is not UTF-8 text.") from None
    except OSError as error:
        raise ScenarioFileError(f"{text} cannot be read: {error.strerror or error}.") from None
    name = path.name.removesuffix(path.suffix)
    if _NAME.fullmatch(name) is None:
        raise ScenarioFileError(
            f"{text}: a scenario is called by its file name, which is of letters, digits, '-', '_' and '.'."
        )
    scenario = read_scenario(content, name, text)
    check_scenario(scenario, content, text)
    return scenario


def read_scenario(text: str, name: str, file: str) -> Scenario:
    """A scenario from YAML. Raises: `ScenarioFileError`."""
    try:
        data = read_yaml(text)
        text.encode()
    except yaml.MarkedYAMLError as error:
        line = "" if error.problem_mark is None else f", line {error.problem_mark.line + 1}"
        raise ScenarioFileError(f"{file}{line}: {error.problem or error.context} (YAML).") from None
    except (yaml.YAMLError, ValueError, RecursionError, TypeError) as error:
        raise ScenarioFileError(f"{file}: this is no YAML that can be read: {_first_line(error)}.") from None
    problems = _surrogates(data, "") or [
        (problem.pointer, _sentence(problem.message)) for problem in schema_store().problems(_SCHEMA, data)
    ]
    if problems:
        raise _placed(file, text, *problems[0])
    for key, number in _repeated(text):
        raise ScenarioFileError(f"{file}, line {number}: {key} stands here a second time.")
    try:
        return scenario_of(name, data)
    except ScenarioError as error:
        raise _placed(file, text, error.pointer, str(error)) from None


def check_scenario(scenario: Scenario, text: str, file: str) -> None:
    """Build it as it would be now. Raises: `ScenarioFileError` with the place of what cannot be."""
    real_time = datetime.now(UTC)
    try:
        build(scenario, scenario.setting(real_time).begins_at(real_time))
    except ScenarioError as error:
        raise _placed(file, text, error.pointer, str(error)) from None
    except ClockSettingError as error:
        raise _placed(file, text, "/clock", str(error)) from None


def _placed(file: str, text: str, pointer: str, message: str) -> ScenarioFileError:
    lines = _lines(text)
    place = pointer
    while place not in lines and place:
        place = place.rpartition("/")[0]
    return ScenarioFileError(f"{file}, line {lines.get(place, 1)}, at {pointer or '/'}: {message}")


def _lines(text: str) -> Mapping[str, int]:
    """The line of every place in the document."""
    found: dict[str, int] = {}
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    waiting = [("", root, 1 if root is None else root.start_mark.line + 1)]
    while waiting:
        pointer, node, line = waiting.pop()
        if pointer in found:
            continue
        found[pointer] = line
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                waiting.append((f"{pointer}/{key.value}", value, key.start_mark.line + 1))
        elif isinstance(node, yaml.SequenceNode):
            waiting += [
                (f"{pointer}/{i}", item, item.start_mark.line + 1) for i, item in enumerate(node.value)
            ]
    return found


def _repeated(text: str) -> Iterator[tuple[str, int]]:
    """Keys that stand twice in one mapping: a reader would silently take the last."""
    waiting: list[Any] = [yaml.compose(text, Loader=yaml.SafeLoader)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, value in node.value:
                if key.value in seen:
                    yield key.value, key.start_mark.line + 1
                seen.add(key.value)
                waiting.append(value)
        elif isinstance(node, yaml.SequenceNode):
            waiting.extend(node.value)


def _surrogates(value: Any, pointer: str) -> list[tuple[str, str]]:
    """Half a surrogate pair can be written in YAML, and no database and no reply can carry it."""
    if isinstance(value, str):
        bad = any(0xD800 <= ord(letter) <= 0xDFFF for letter in value)
        return [(pointer, "the text has half a surrogate pair, which is no character.")] if bad else []
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    return [problem for key, item in items for problem in _surrogates(item, f"{pointer}/{key}")]


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?")) else f"{text}."


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
