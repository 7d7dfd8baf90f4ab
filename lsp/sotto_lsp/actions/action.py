"""Action: one row of the catalogue."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from sotto_lsp.actions.instruct.template import Template
from sotto_lsp.actions.places.place import Place
from sotto_lsp.actions.search.search import Search
from sotto_lsp.documents.lines import Lines
from sotto_lsp.syntax.target import Target

Find = Callable[[Lines, Place], Target | None]


class Product(Enum):
    """What an action comes to."""

    EDIT = "the target's lines, changed"
    TESTS = "tests, in a file of their own"
    TEXT = "words for the user"


@dataclass(frozen=True)
class Action:
    """One row of the list.

    num_choices: above 1, the user chooses among so many answers.
    search: finds answers without the model, which then says which of them is likeliest.
    checkers: of the project's own, by name; shown the answers where the user allows it.
    every_checker: all that the user allows are shown the answers.
    """

    name: str
    template: Template
    find: Find
    for_diagnostic: bool = False
    num_choices: int = 1
    search: Search | None = None
    product: Product = Product.EDIT
    checkers: tuple[str, ...] = ()
    every_checker: bool = False
