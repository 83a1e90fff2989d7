import pytest

from dxday.solver import model


@pytest.fixture(scope="session", autouse=True)
def _loaded():
    """OR-Tools is loaded before the first test, so that no test waits for it."""
    model.load()
