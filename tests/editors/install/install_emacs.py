"""A real Emacs with lsp-mode, yasnippet and company, from Debian's packages.

PYTHONPATH=tests python -m editors.install.install_emacs            prints the path of the program
"""

import sys
from pathlib import Path

from editors.install.debian_root import HOME, DebianRoot, run, write_wrapper

FOLDER = HOME / "emacs-with-packages-sid"
PACKAGES = ("elpa-lsp-mode", "elpa-yasnippet", "elpa-company")


def installed() -> Path | None:
    """The program, if it was installed before."""
    program = FOLDER / "emacs"
    return program if program.exists() else None


def install() -> Path:
    """Download, unpack and wrap; returns the program. Raises RuntimeError with apt's words if that fails."""
    if program := installed():
        return program
    root = DebianRoot(FOLDER, "sid", "root")
    root.unpack("emacs-nox", *PACKAGES)
    program = root.path / "usr/bin/emacs-nox"
    root.adopt(program)
    (version,) = (path.name for path in (root.path / "usr/share/emacs").glob("[0-9]*"))
    own = root.path / "usr/share/emacs" / version
    (binaries,) = (root.path / "usr/libexec/emacs" / version).glob("*")
    (dump,) = binaries.glob("*.pdmp")
    lisp = [path for path in sorted((own / "lisp").rglob("")) if "obsolete" not in path.parts]
    packages = sorted((root.path / "usr/share/emacs/site-lisp/elpa-src").glob("*"))
    wrapper = write_wrapper(
        FOLDER / "emacs.new",
        program,
        arguments=f'--dump-file="{dump}" -Q --eval "{NOT_COMPILED}" ',
        EMACSDATA=own / "etc",
        EMACSDOC=own / "etc",
        EMACSPATH=binaries,
        EMACSLOADPATH=":".join(str(path) for path in [*lisp, *packages]),
    )
    run([str(wrapper), "--batch", "--eval", AUTOLOADS])
    sources = [str(path) for package in packages for path in sorted(package.glob("*.el"))]
    run([str(wrapper), "--batch", "--eval", "(setq byte-compile-warnings nil)", "--eval", COMPILE, *sources])
    return wrapper.rename(FOLDER / "emacs")


NOT_COMPILED = "(setq native-comp-enable-subr-trampolines nil native-comp-jit-compilation nil)"
"""There is no compiler for Lisp to machine code here."""
AUTOLOADS = """(let ((folder (file-name-directory (locate-library "lsp-mode"))))
  (loaddefs-generate folder (expand-file-name "lsp-mode-autoloads.el" folder)))"""
COMPILE = "(while command-line-args-left (byte-compile-file (pop command-line-args-left)))"
"""What a package's installation does; not compiled, lsp-mode takes seconds to load."""

if __name__ == "__main__":
    try:
        print(install())
    except RuntimeError as error:
        sys.exit(str(error))
