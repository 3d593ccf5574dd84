"""Makes the runs of these tests share their compiled programs."""

import pytest


@pytest.fixture(autouse=True)
def _shared(shared_programs):
    pass
