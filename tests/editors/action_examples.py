"""Places where the first action of the menu is one that the embedded model does well, and what it brings."""

import pytest

STUB = """class Person:
    def __init__(self, name, age):
        self.name = name
        self.age = age

    def get_name(self):
        pass
"""
TODO = "import os\n\n\ndef mean(values):\n    total = sum(values)\n    # TODO: divide by the number\n"
SETTER = STUB.replace("get_name(self)", "set_name(self, name: str)").replace("pass", "self.name = name")
FIRST_IN_THE_MENU = pytest.mark.parametrize(
    ("title", "text", "line", "added"),
    [("Implement this TODO", TODO, 6, "    return total"), ("Add type hints", SETTER, 6, "-> None:")],
    ids=["todo", "hints"],
)
"""`line` counts from 1."""
