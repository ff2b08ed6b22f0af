"""What happens before a command runs: Ctrl-C is quiet, and the list of commands says what the commands say."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import import_module

import pytest

from staycheck.commands import COMMANDS

INTERRUPTED_AT = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # what is started in the background inherits that it is ignored
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
sys.argv = ["staycheck", *{arguments!r}]
from staycheck.main import run
run()
"""


def staycheck(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "staycheck.main", *arguments],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    "module", ["traceback", "typer", "staycheck.commands", "staycheck.judging", "aiohttp"]
)
def test_an_interrupt_while_loading_is_quiet_and_130(module: str) -> None:
    script = INTERRUPTED_AT.format(module=module, arguments=["check", "nowhere.toml"])
    if module == "traceback":  # an interpreter may have it already; then the next one stands for it
        script = script.replace("sys.meta_path", "sys.modules.pop('traceback', None); sys.meta_path", 1)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_an_interrupt_that_no_command_answers_is_quiet_and_130() -> None:
    # as it would come between two commands' own handlers: Python's own KeyboardInterrupt, from inside a command
    script = INTERRUPTED_AT.format(module="conformance_tests.report.terminal", arguments=["check", "no.toml"])
    lazily = "from staycheck import interrupts; interrupts.leave_quietly = lambda: None\n"
    done = subprocess.run(
        [sys.executable, "-c", lazily + script], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_each_command_says(name: str) -> None:
    function = getattr(import_module(COMMANDS[name].module), name)
    assert COMMANDS[name].summary == (inspect.getdoc(function) or "").splitlines()[0]
    assert COMMANDS[name].summary.split(".")[0] in " ".join(staycheck(name, "--help").stdout.split())


def test_the_version_and_the_help_load_no_command() -> None:
    for asked in ("--version", "--help"):
        told = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "staycheck.main", asked],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        loaded = {line.rpartition("|")[2].strip() for line in told.stderr.splitlines()}
        assert told.returncode == 0
        assert not loaded & {"aiohttp", "jsonschema", "reference_server.app", "conformance_tests.runner"}


def test_a_mistyped_command_is_wrong_usage_with_the_nearest() -> None:
    done = staycheck("chek")
    assert done.returncode == 64
    assert "'check'" in done.stderr
    assert "Traceback" not in done.stderr
