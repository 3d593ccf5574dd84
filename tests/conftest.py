"""What every test shares: one key, and compilers in a hurry, since to compile takes most of the tests' time."""

import atexit
import functools
import gc
import os
import shutil
import sys
import tempfile
import threading
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

# Small programs compile in half the time without the first; split for several threads, they take a sixth more.
_QUICK = "--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1"
_FLAG_KNOWN_UP_TO = (0, 10)  # jaxlib ends the process over a flag that it does not know


def _hurry():
    """Before jax is imported: a cheaper code generator, and compiled programs kept as long as the tests run.

    Subprocesses inherit both. The folder is new for each run of the tests and no other worker's: jax does not write
    its entries atomically.
    """
    if not os.environ.get("PYTEST_XDIST_WORKER"):
        known = tuple(int(part) for part in version("jaxlib").split(".")[:2]) <= _FLAG_KNOWN_UP_TO
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {_QUICK * known}".strip()
    kept = tempfile.mkdtemp(prefix="zoo-compiled-")
    atexit.register(shutil.rmtree, kept, ignore_errors=True)
    os.environ["JAX_COMPILATION_CACHE_DIR"] = kept
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.02"


_hurry()

import jax  # noqa: E402
import pytest  # noqa: E402
from jax._src.interpreters import mlir  # noqa: E402

from tests import programs  # noqa: E402
from tests.quickly import compiled_quickly  # noqa: E402
from zoo.train.runtime.allocator import give_back_freed_memory  # noqa: E402

PEAKS = pytest.StashKey[list]()
LARGE = 1000  # MB; what modules leave behind grows to 700 MB over the suite

# Before 0.12 jax makes a new context of MLIR for every program, which takes 5 to 9 ms: as long as to read a compiled
# one. Contexts are not to be shared by threads.
_make_context = mlir.make_ir_context
_context_of = functools.cache(lambda thread: _make_context())
if jax.__version_info__ < (0, 12):
    mlir.make_ir_context = lambda: _context_of(threading.get_ident())


def pytest_configure(config):
    config.stash[PEAKS] = []


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):  # only a worker of xdist has it
        session.config.workeroutput["peak_mb"] = peak_memory()


def pytest_collection_finish(session):
    """Takes modules and collected tests out of the garbage collector, which would look at them with each release.

    Between releases it has little to find, and tracing makes so many objects that it took a tenth of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 50, 50)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    node.config.stash[PEAKS].append(getattr(node, "workeroutput", {}).get("peak_mb", 0))


def pytest_terminal_summary(terminalreporter, config):
    peaks = config.stash[PEAKS] or [peak_memory()]
    terminalreporter.write_line(f"peak memory of each worker: {', '.join(f'{peak:,} MB' for peak in peaks)}")


def peak_memory():
    """The most memory that this process has held at once, in MB; 0 where the system does not say."""
    if sys.platform == "win32":
        return 0
    from resource import RUSAGE_SELF, getrusage

    return getrusage(RUSAGE_SELF).ru_maxrss // (1 << 20 if sys.platform == "darwin" else 1 << 10)


@pytest.fixture(autouse=True)
def release_when_large():
    """Frees what tests compiled once it takes much: jax keeps every program, several gigabytes over the whole suite.

    Until then later modules find the small programs that all of them need; after it, in the compilation cache on disk.
    """
    yield
    if memory() > LARGE:
        release()


def release():
    programs.forget()
    jax.clear_caches()
    _context_of.cache_clear()
    gc.collect()
    give_back_freed_memory()


def memory():
    """The memory that this process holds, in MB; 0 where the system does not show it."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE") >> 20


@pytest.fixture
def shared_programs(monkeypatch):
    """Runs of one recipe share their compiled programs; not for tests of what is compiled."""
    start = import_module("zoo.train.runs.start")
    monkeypatch.setattr(start, "setup", programs.sharing(start.setup))


@pytest.fixture
def key():
    return jax.random.key(0)


@pytest.fixture(scope="module")
def quick_compiler():
    """For modules of small programs: to compile them is what takes the time, and without optimisation takes half."""
    with compiled_quickly():
        yield


@pytest.fixture
def jax_told_of_no_cache(monkeypatch, tmp_path):
    """As with a user, who has not told jax where to keep compiled programs; what is kept lies in tmp_path."""
    before = jax.config.jax_compilation_cache_dir
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    jax.config.update("jax_compilation_cache_dir", None)
    yield
    jax.config.update("jax_compilation_cache_dir", before)
