"""One embedded DXDay for all browser tests: no mail server, so its letters lie in its own mailbox."""

from collections.abc import Iterator

import pytest

from tests.browser_site import Site, base_url, browser_type_launch_args, visit

__all__ = ["base_url", "browser_type_launch_args", "site", "visit"]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("browser")).running() as site:
        yield site
