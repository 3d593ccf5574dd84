import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import zoo
from zoo._early_exit import is_command
from zoo.train.runtime.signals import StopFlag, exit_within

HANDLED = [signal.SIGTERM, signal.SIGHUP]


@pytest.fixture(autouse=True)
def default_handlers():
    """Restores the default of signals that may be ignored around the tests, as SIGHUP is by nohup."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in HANDLED}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, *HANDLED])
def test_each_signal_that_ends_a_run_sets_the_flag_once(number):
    before = signal.getsignal(number)
    with StopFlag() as stop:
        os.kill(os.getpid(), number)
        assert stop.requested == number
        assert signal.getsignal(number) == before


@pytest.mark.parametrize("number", HANDLED)
def test_a_signal_before_the_run_ends_the_command_with_its_code(number):
    with pytest.raises(SystemExit) as ended, exit_within():
        os.kill(os.getpid(), number)
    assert ended.value.code == 128 + number


def test_a_run_under_nohup_outlives_its_terminal():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with exit_within(), StopFlag() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert stop.requested == 0
    finally:
        signal.signal(signal.SIGHUP, before)


# Imported by python before all else: the process receives the signal when it looks for the module.
SIGNALLED = """
import os, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["SIGNALLED_AT"]:
            os.kill(os.getpid(), int(os.environ["SIGNAL"]))
sys.meta_path.insert(0, Finder())
"""


def ended(words, folder, **environment):
    """Returns exit code and output of a python process, `folder` being first in its path."""
    house = str(Path(zoo.__file__).parent.parent)
    environment = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{house}", "JAX_PLATFORMS": "cpu", **environment}
    done = subprocess.run(
        [sys.executable, *words], env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "number"),
    [
        ("zoo._catalogue", signal.SIGINT),
        ("zoo.train.cli.exit", signal.SIGTERM),
        ("numpy.linalg", signal.SIGHUP),
        ("jaxlib.xla_client", signal.SIGINT),
    ],
)
def test_a_signal_in_the_imports_of_a_command_ends_it_with_its_code_and_no_traceback(tmp_path, module, number):
    (tmp_path / "sitecustomize.py").write_text(SIGNALLED)
    words = ("-m", "zoo.train", "--model", "logistic", "--dataset", "iris", "--out", "run")
    code, said = ended(words, tmp_path, SIGNALLED_AT=module, SIGNAL=str(int(number)))
    assert code == 128 + number
    assert "Traceback" not in said
    assert not (tmp_path / "run").exists()


LOST = """
import os, signal
from zoo.train.runtime.signals import exit_within
class Thing:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        sum(range(10))
with exit_within():
    Thing()
    print("went on")
"""


def test_a_signal_in_a_destructor_ends_the_process_and_is_not_lost(tmp_path):
    assert ended(("-c", LOST), tmp_path) == (143, "")


@pytest.mark.parametrize(
    ("given", "argv", "expected"),
    [
        (["python", "-m", "zoo.train", "--model", "x"], ["-m", "--model", "x"], True),
        (["python", "-I", "-mzoo", "list"], ["-m", "list"], True),
        (["python", "-m", "mine", "zoo"], ["-m", "zoo"], False),
        (["python", "zoo.py"], ["zoo.py"], False),
        (["python", "-c", "import zoo"], ["-c"], False),
    ],
)
def test_only_commands_of_the_package_end_at_once_and_no_program_that_imports_it(monkeypatch, given, argv, expected):
    monkeypatch.setattr(sys, "orig_argv", given)
    monkeypatch.setattr(sys, "argv", argv)
    assert is_command() is expected
