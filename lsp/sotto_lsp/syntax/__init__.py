"""What tree-sitter says of a text in languages other than Python. Nothing else knows a tree-sitter node."""
