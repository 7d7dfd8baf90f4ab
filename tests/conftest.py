"""Options and profiles of the whole suite."""

import os

from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None)  # the same cases each time: main stays green
settings.register_profile("search", deadline=None)  # new cases each time, to find what is not known yet
settings.load_profile("ci" if os.environ.get("CI") else "search")


def pytest_addoption(parser):
    parser.addoption(
        "--real-editors", action="store_true", help="install the real editors first, and test in them"
    )
