import pytest

from tests.train.tasks.models.register import registered


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Registers the small models that prove the tasks."""
    with registered(tmp_path_factory.mktemp("package")):
        yield
