"""What the journeys stand on."""

from tests.browser_site import base_url, browser_type_launch_args, visit

__all__ = ["base_url", "browser_type_launch_args", "visit"]
