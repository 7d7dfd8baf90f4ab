"""The languages: a TOML file for each that tree-sitter parses, and the registry that finds the syntax of one."""
