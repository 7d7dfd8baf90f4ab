"""Actions that users write down themselves: a title and an instruction for an instruct model, in a TOML file."""
