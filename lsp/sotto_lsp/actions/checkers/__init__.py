"""The project's own linters and type checkers, asked about an answer before it is offered."""
