"""Options and profiles of the whole suite."""

import gc
import os

import pytest
from hypothesis import HealthCheck, settings

SLOW_MACHINES = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("ci", derandomize=True, **SLOW_MACHINES)  # the same cases each time: main stays green
settings.register_profile("search", **SLOW_MACHINES)  # new cases each time, to find what is not known yet
settings.load_profile("ci" if os.environ.get("CI") else "search")


def pytest_addoption(parser):
    parser.addoption("--exporters", metavar="DIR", help="test all exports there (make test-exporters)")
    parser.addoption("--mutations", type=int, default=150, help="of a GGUF file (make fuzz-gguf: 10,000)")
    parser.addoption("--real-models", action="store_true", help="with real weights (make test-real-models)")
    parser.addoption("--real-editors", action="store_true", help="install the real editors first, and test in them")


@pytest.fixture(scope="module", autouse=True)
def few_objects_to_look_through():
    """As in the server: with all that tests import, a garbage collection takes longer than a parse may."""
    gc.collect()
    gc.freeze()
