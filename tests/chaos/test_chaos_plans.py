"""Presets are plans that make sense, and what is wrong with a file is said with its line and the nearest right word."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from contract.schema_store import schema_store
from reference_server.chaos.plan import parse_plan
from reference_server.chaos.presets import preset_plan, presets
from staycheck.chaos_files import ChaosFileError, read_chaos

YAML = """\
seed: 3
rules:
  - name: twice
    on: {channel: "*.rooms"}
    do:
      duplicate: {copies: 2}
    probability: 0.5
"""
TOML = """\
seed = 3
[[rules]]
name = "twice"
on = {channel = "*.rooms"}
probability = 0.5
[rules.do.duplicate]
copies = 2
"""
JSON = """{"seed": 3, "rules": [{"name": "twice", "on": {"channel": "*.rooms"},
 "do": {"duplicate": {"copies": 2}}, "probability": 0.5}]}"""


def test_the_presets_are_those_that_are_promised() -> None:
    assert set(presets()) == {
        "flaky-realtime", "slow-network", "lost-answers", "backend-errors", "publisher-outage",
        "reconnect-storm", "slow-commit",
    }  # fmt: skip


@pytest.mark.parametrize("name", list(presets()))
def test_a_preset_has_a_title_a_description_and_rules_that_say_their_names(name: str) -> None:
    preset, plan = presets()[name], preset_plan(name, 7)
    assert preset.title
    assert preset.description.endswith(".")
    assert (plan.seed, plan.preset) == (7, name)
    assert plan.rules
    assert not any(rule.name.startswith("rule-") for rule in plan.rules)
    schema_store().require("files/chaos_state.schema.json", plan.state())


def test_defaults_are_those_of_the_schema() -> None:
    (rule,) = parse_plan({"rules": [{"on": {"channel": "*"}, "do": {"reorder": {}}}]}).rules
    assert (rule.name, dict(rule.do["reorder"])) == ("rule-1", {"window": 3, "hold_ms": 1000})


def test_yaml_toml_and_json_say_the_same(tmp_path: Path) -> None:
    plans = []
    for suffix, text in ((".yaml", YAML), (".toml", TOML), (".json", JSON)):
        file = tmp_path / f"plan{suffix}"
        file.write_text(text)
        plans.append(read_chaos(str(file)))
    assert plans[0].rules == plans[1].rules == plans[2].rules
    assert [plan.seed for plan in plans] == [3, 3, 3]
    assert read_chaos(str(tmp_path / "plan.toml"), 8).seed == 8


@pytest.mark.parametrize(
    ("suffix", "text", "wrong", "right", "told"),
    [
        (".yaml", YAML, "duplicate", "duplicat", "line 6: rules.0.do.duplicat is not allowed here; did you mean duplicate?"),
        (".toml", TOML, "probability", "probabilty", "line 5: rules.0.probabilty is not allowed here; did you mean probability?"),
        (".json", JSON, "copies", "copys", "line 2: rules.0.do.duplicate.copys is not allowed here; did you mean copies?"),
        (".yaml", YAML, "0.5", "50", "line 7: rules.0.probability is 50, more than allowed (1)."),
        (".yaml", YAML, 'channel: "*.rooms"', "event: room_updted", "line 4: rules.0.on.event: there is no event room_updted; did you mean room_updated?"),
        (".yaml", YAML, 'channel: "*.rooms"', "operation: checkIn", "line 6: rules.0.do.duplicate: duplicate is for events, and this rule is for requests; name channel or event in `on`."),
        (".json", JSON, '"rules": [', '"rules": ', "line 2: this is not JSON"),
        (".yaml", YAML, "0.5", "[0.5", "this is not YAML"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_said_with_its_line(
    tmp_path: Path, suffix: str, text: str, wrong: str, right: str, told: str
) -> None:
    file = tmp_path / f"plan{suffix}"
    file.write_text(text.replace(wrong, right, 1))
    with pytest.raises(ChaosFileError) as caught:
        read_chaos(str(file))
    assert told in str(caught.value)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--chaos", "flaky-realtme"), "did you mean flaky-realtime?"),
        (("--chaos", "missing.yaml"), "There is no file missing.yaml."),
        (("--chaos-seed", "3"), "--chaos-seed is of no use without --chaos."),
    ],
)
def test_the_command_says_it_in_one_sentence(arguments: tuple[str, ...], told: str) -> None:
    command = [sys.executable, "-m", "staycheck.main", "serve", "--port", "0", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (result.returncode, result.stdout) == (64, "")
    assert told in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
