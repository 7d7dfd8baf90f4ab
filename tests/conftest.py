"""Options and profiles of the whole suite."""

import os

from hypothesis import HealthCheck, settings

SLOW_MACHINES = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile(
    "ci", derandomize=True, **SLOW_MACHINES
)  # the same cases each time: main stays green
settings.register_profile("search", **SLOW_MACHINES)  # new cases each time, to find what is not known yet
settings.load_profile("ci" if os.environ.get("CI") else "search")


def pytest_addoption(parser):
    parser.addoption("--exporters", metavar="DIR", help="test all exports there (make test-exporters)")
    parser.addoption(
        "--real-editors", action="store_true", help="install the real editors first, and test in them"
    )
