"""One scene for each test."""

import pytest

from tests.ceremony.scene import Scene, new_scene


@pytest.fixture
def scene(app) -> Scene:
    return new_scene()
