"""The command line: `python -m fastact` reports on this machine, `python -m fastact COMMAND` does a job."""

import argparse
import os
import signal
import sys
from typing import NoReturn

import fastact

from ._cli import _accuracy, _apply, _bench, _report

COMMANDS = {
    "apply": _apply,
    "accuracy": _accuracy,
    "bench": _bench,
}  # modules with HELP, add_arguments(parser) and run(arguments)
BAD_INPUT = 2


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"{self.prog}: error: {' '.join(message.split())}\n")


def make_parser() -> Parser:
    parser = Parser(
        prog="python -m fastact",
        description="Without a command: report the accuracy and speed of every function on this machine.",
    )
    parser.add_argument("--version", action="version", version=f"fastact {fastact.__version__}")
    parser.set_defaults(run=_report.run, parser=parser)
    commands = parser.add_subparsers(metavar="COMMAND")
    for name, module in COMMANDS.items():
        command = commands.add_parser(name, help=module.HELP, description=module.HELP.capitalize() + ".")
        module.add_arguments(command)
        command.set_defaults(run=module.run, parser=command)
    return parser


def exit_on_signals() -> None:
    """Make signals that end the program raise SystemExit, so that it cleans up; once, so that it can finish."""
    signals = [s for s in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", None)) if s is not None]
    handled = [s for s in signals if signal.getsignal(s) is not signal.SIG_IGN]

    def stop(number: int, frame: object) -> NoReturn:
        for s in handled:
            signal.signal(s, signal.SIG_IGN)
        raise SystemExit(128 + number)

    for s in handled:
        signal.signal(s, stop)


def main(argv: list[str] | None = None) -> None:
    """Run the command line; SystemExit says how it went, unless it went well."""
    carry_out(make_parser().parse_args(argv))


def carry_out(arguments: argparse.Namespace) -> None:
    """Call `arguments.run`; what a user got wrong, in files too, is told by `arguments.parser`."""
    try:
        arguments.run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output has gone, and what is left of it goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except _apply.BadInput as error:
        arguments.parser.error(str(error))
    except OSError as error:
        where = f"{error.filename}: " if error.filename is not None else ""
        arguments.parser.error(f"{where}{error.strerror or error}")


if __name__ == "__main__":
    exit_on_signals()
    main()
