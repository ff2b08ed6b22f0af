"""The plan that `staycheck serve --chaos` names: a preset, or a file in YAML, TOML or JSON."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from conformance_tests.target_problems import describe_problem, line_of
from contract.schema_files import read_yaml
from reference_server.chaos.plan import Plan, PlanError, parse_plan
from reference_server.chaos.presets import UnknownPreset, preset_plan

_FILES = (".yaml", ".yml", ".toml", ".json")


class ChaosFileError(Exception):
    """No plan can be made of what was named; one sentence that says where and why."""


def read_chaos(named: str, seed: int | None = None) -> Plan:
    """The plan of a preset or of a file. Raises: `ChaosFileError`."""
    path = Path(named)
    if path.suffix.lower() not in _FILES:
        try:
            return preset_plan(named, seed)
        except UnknownPreset as unknown:
            raise ChaosFileError(f"{unknown} (a file ends in {', '.join(_FILES)}).") from None
    text = _text(path)
    document = _document(path, text)
    problem = describe_problem(document, "chaos", str(path), text)
    if problem is not None:
        raise ChaosFileError(_sentence(_with_line(problem.removesuffix("."), path, text)))
    try:
        return parse_plan(document, seed=seed)
    except PlanError as error:
        line = _line(path, text, error.place)
        where = str(path) if line is None else f"{path}, line {line}"
        raise ChaosFileError(_sentence(f"{where}: {error}")) from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ChaosFileError(f"There is no file {path}.") from None
    except OSError as error:
        raise ChaosFileError(f"The file {path} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise ChaosFileError(f"The file {path} cannot be read: it is not text in UTF-8.") from None


def _document(path: Path, text: str) -> Any:
    try:
        match path.suffix.lower():
            case ".json":
                return json.loads(text)
            case ".toml":
                return tomllib.loads(text)
            case _:
                return read_yaml(text)
    except json.JSONDecodeError as error:
        raise ChaosFileError(f"{path}, line {error.lineno}: this is not JSON ({error.msg}).") from None
    except tomllib.TOMLDecodeError as error:
        raise ChaosFileError(f"{path}: this is not TOML: {error}.") from None
    except yaml.MarkedYAMLError as error:
        line = "" if error.problem_mark is None else f", line {error.problem_mark.line + 1}"
        raise ChaosFileError(f"{path}{line}: this is not YAML ({error.problem}).") from None
    except (yaml.YAMLError, RecursionError):
        raise ChaosFileError(f"{path} cannot be read as YAML.") from None


def _sentence(text: str) -> str:
    return text if text.endswith("?") else text + "."


def _with_line(problem: str, path: Path, text: str) -> str:
    """The sentence with the line of its place where the text can be walked; else as it is, with the line of the first mention."""
    told = problem.partition(": ")[2]
    steps = told.partition(" ")[0].split(".")
    line = None if path.suffix.lower() == ".toml" else _line(path, text, steps)
    return problem if line is None else f"{path}, line {line}: {told}"


def _line(path: Path, text: str, place: Sequence[str]) -> int | None:
    """The line of a place, from 1. JSON is YAML enough for that."""
    if path.suffix.lower() == ".toml":
        names = [step for step in place if not step.isdecimal()]
        return line_of(text, names[:-1], names[-1])
    try:
        node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return None
    line = None
    for step in place:
        if isinstance(node, yaml.SequenceNode) and step.isdecimal() and int(step) < len(node.value):
            node = node.value[int(step)]
            line = node.start_mark.line + 1
            continue
        found = [(key, value) for key, value in getattr(node, "value", ()) if key.value == step]
        if not isinstance(node, yaml.MappingNode) or not found:
            break  # what is missing is missing where we are
        key, node = found[0]
        line = key.start_mark.line + 1
    return line
