"""`python -m sotto_lsp` is the command `sotto`."""

import sys

from sotto_lsp.cli import main

sys.exit(main())
