"""The command line: one file or folder a command. Nothing in the server imports it."""
