"""What every test shares: one key, and a place for compiled programs."""

import jax
import pytest


@pytest.fixture
def key():
    return jax.random.key(0)
