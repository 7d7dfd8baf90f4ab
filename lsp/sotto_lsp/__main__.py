"""`python -m sotto_lsp` is the command `sotto`."""

import sys

from sotto_lsp.commands.cli import main

sys.exit(main())
