"""Code actions in the languages that tree-sitter parses for us: their places, their repairs, their checks."""
