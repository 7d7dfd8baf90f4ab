"""The command `sotto`, one function a command. Errors are one sentence and a non-zero exit code."""

import argparse
import gc
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from sotto_engine.errors import SottoError
from sotto_lsp.commands.bundle.command import add_bundle_arguments, bundle_command
from sotto_lsp.commands.models import add_models_arguments, models_command

_EPILOG = """\
examples:
  sotto serve                       what an editor starts: LSP over stdin and stdout
  sotto complete app.py:12:9        what would be suggested there
  sotto demo                        a real session in this terminal, typed for you
  sotto models find                 models that other programs have put on this machine
  sotto models add FILE.gguf        a model of your own, checked and made faster
  sotto bundle sotto.tar            all of it in one file, for machines without a network
  sotto doctor                      is everything there, and how fast is it here?

Nothing leaves this machine. `sotto models get` and `sotto bundle` alone use a network, to download what you name.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code."""
    arguments = _parser().parse_args(argv)
    run: Callable[[argparse.Namespace], int] = arguments.run
    try:
        return run(arguments)
    except SottoError as error:
        print(f"sotto: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output went away; nothing is left to say
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sotto",
        description="A language server that carries its own code model: suggestions in any LSP editor, offline.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"sotto {version('sotto-ls')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="run the language server on stdin and stdout")
    serve.add_argument("--stdio", action="store_true", help="accepted for editors that pass it; always on")
    serve.add_argument("--log-file", type=Path, metavar="FILE", help="log there instead of to stderr")
    serve.add_argument(
        "--log-level",
        choices=("error", "warning", "info", "debug"),
        default="warning",
        help="default: warning; your code is logged at debug only",
    )
    _add_model(serve)
    serve.set_defaults(run=_serve)

    complete = commands.add_parser("complete", help="print the suggestion for one place in a file")
    complete.add_argument(
        "place", metavar="FILE:LINE:COL", help="counted from 1, as compilers print them; COL in characters"
    )
    complete.add_argument("--json", action="store_true", help="how it came about, for programs")
    complete.add_argument("--explain", action="store_true", help="how it came about, or why there is none")
    _add_model(complete)
    complete.set_defaults(run=_complete)

    demo = commands.add_parser("demo", help="see ghost text: a client types an example to a real server")
    demo.add_argument("file", nargs="?", type=Path, metavar="FILE", help="type this file instead")
    demo.add_argument("--plain", action="store_true", help="no colours, no redrawing, no pauses")
    _add_model(demo)
    demo.set_defaults(run=_demo)

    models = commands.add_parser("models", help="find, get, add, list, verify, choose and remove models")
    add_models_arguments(models)
    models.set_defaults(run=models_command)

    bundle = commands.add_parser("bundle", help="one file that installs Sotto where there is no network")
    add_bundle_arguments(bundle)
    bundle.set_defaults(run=bundle_command)

    doctor = commands.add_parser("doctor", help="check Python, the model and the speed of this machine")
    doctor.add_argument("--json", action="store_true", help="the report as JSON")
    _add_model(doctor)
    doctor.set_defaults(run=_doctor)
    return parser


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model",
        type=Path,
        metavar="DIR|NAME",
        help="folder or name of another model (default: the one `sotto models use` chose, else the embedded one)",
    )


# Each command imports what it needs when it runs: `sotto serve` must answer `initialize` at once.


def _serve(arguments: argparse.Namespace) -> int:
    from sotto_lsp.server import make_server  # noqa: PLC0415
    from sotto_lsp.transport.log import configure_logging  # noqa: PLC0415

    configure_logging(arguments.log_level, arguments.log_file)
    server = make_server(arguments.model)
    gc.freeze()  # what lives as long as the server need not be looked through whenever a document is parsed
    server.run()


def _complete(arguments: argparse.Namespace) -> int:
    from sotto_lsp.commands.complete import complete_command  # noqa: PLC0415

    return complete_command(arguments.place, arguments.model, as_json=arguments.json, explain=arguments.explain)


def _demo(arguments: argparse.Namespace) -> int:
    from sotto_lsp.commands.demo.command import demo_command  # noqa: PLC0415

    return demo_command(arguments.file, arguments.model, plain=arguments.plain)


def _doctor(arguments: argparse.Namespace) -> int:
    from sotto_lsp.commands.doctor import doctor_command  # noqa: PLC0415

    return doctor_command(arguments.model, as_json=arguments.json)
