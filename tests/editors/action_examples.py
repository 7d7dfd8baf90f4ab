"""Places where the first action of the menu is one that the embedded model does well, and what it brings."""

import pytest

STUB = """class Person:
    def __init__(self, name, age):
        self.name = name
        self.age = age

    def get_name(self):
        pass
"""
TYPED = "def mean(values: list[float]) -> float:\n    return sum(values) / len(values)\n"
FIRST_IN_THE_MENU = pytest.mark.parametrize(
    ("title", "text", "line", "added"),
    [("Complete this body", STUB, 6, "return self.name"), ("Write docstring", TYPED, 1, '    """Return')],
    ids=["body", "docstring"],
)
"""`line` counts from 1."""
