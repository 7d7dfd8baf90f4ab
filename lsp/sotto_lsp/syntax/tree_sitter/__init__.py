"""The languages that tree-sitter parses, each a row in `languages/`. No other folder imports tree-sitter."""
