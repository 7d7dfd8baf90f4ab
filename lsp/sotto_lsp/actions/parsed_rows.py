"""The actions of the list that are there in the languages that tree-sitter parses."""

from sotto_lsp.actions.action import Action, Product
from sotto_lsp.actions.places.find_code import find_code
from sotto_lsp.actions.places.find_instruction import find_instructed
from sotto_lsp.actions.template import load_template
from sotto_lsp.syntax.tree_sitter.find_parsed_error import find_parsed_error
from sotto_lsp.syntax.tree_sitter.find_parsed_line import (
    find_parsed_diagnosed,
    find_parsed_line,
    find_parsed_todo,
)
from sotto_lsp.syntax.tree_sitter.parsed_repairs import MENDING
from sotto_lsp.syntax.tree_sitter.stub import find_stub

PARSED_ACTIONS: tuple[Action, ...] = (
    Action("fix_syntax", load_template("fix_syntax"), find_parsed_error, search=MENDING),
    Action("fix_line", load_template("fix_line"), find_parsed_diagnosed, for_diagnostic=True),
    Action("complete_body", load_template("complete_body"), find_stub),
    Action("implement_todo", load_template("implement_todo"), find_parsed_todo),
    Action("simplify", load_template("simplify"), find_code),
    Action("rewrite_selection", load_template("rewrite_selection"), find_instructed),
    Action("explain", load_template("explain"), find_code, product=Product.TEXT),
    Action("rewrite_line", load_template("rewrite_line"), find_parsed_line, num_choices=3),
)
