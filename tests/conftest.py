"""What every test shares: one key, and compilers in a hurry, since to compile takes most of the tests' time."""

import atexit
import os
import shutil
import tempfile
from importlib.metadata import version

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

from tests.quickly import compiled_quickly  # noqa: E402


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
