"""Programs that are compiled without optimisation, for as long as it takes more time to compile than to run them."""

from contextlib import contextmanager

import jax
import pytest


@contextmanager
def compiled_quickly():
    """Here and in subprocesses. Programs that run long may take several times as long: measure."""
    before = jax.config.read("jax_disable_most_optimizations")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")
        jax.config.update("jax_disable_most_optimizations", True)
        yield
    jax.config.update("jax_disable_most_optimizations", before)
