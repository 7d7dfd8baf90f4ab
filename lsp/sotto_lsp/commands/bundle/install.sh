#!/bin/sh
# Installs Sotto from this folder, without a network. Needs nothing but Python: one of @PYTHONS@.
# Options: --to DIR (where to; see the end of the output for the default). PYTHON=/path/to/python chooses the Python.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

suits() {
  "$1" -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] not in sys.argv[1:])' @PYTHONS@ 2>/dev/null
}

found=
if [ -n "${PYTHON:-}" ]; then
  if suits "$PYTHON"; then found=$PYTHON; fi
else
  for version in 3 @PYTHONS@; do
    if suits "python$version"; then found=python$version; break; fi
  done
fi
if [ -z "$found" ]; then
  echo "sotto: this bundle is for Python @PYTHONS@, and ${PYTHON:-what is on the PATH} is none of them; install one or name it with PYTHON=/path/to/python." >&2
  exit 1
fi
export PYTHONPATH="$here/wheels/@WHEEL@" PYTHONDONTWRITEBYTECODE=1
exec "$found" -m sotto_lsp.commands.bundle.installation "$here" "$@"
