"""The command line: finds the verb, runs it, turns what went wrong into one sentence and an exit code.

Nothing heavy is imported here or by a command's own module: ``--help`` must answer at once. What a command needs, it
imports when it runs.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, cast

import click

from agent.errors import AgentError, Ending
from agent.redaction import crash_line, set_up_hooks
from agent.terminal import escaped
from storage.errors import NotAllowed, NotFound, StoreError

COMMANDS = (
    "sweep",
    "run",
    "findings",
    "scopes",
    "export",
    "rules",
    "patterns",
    "doctor",
    "init",
    "config",
    "schema",
    "db",
    "key",
)
"""The verbs, in the order in which they are shown."""
_MODULES = {"db": "database"}
_BROKEN_PIPE = 128 + 13  # what a shell shows for a program that SIGPIPE ended


class Verbs(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs, in our own order."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one verb."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        name = _MODULES.get(cmd_name, cmd_name)
        command: click.Command = getattr(import_module(f"agent.commands.{name}"), "command")  # noqa: B009 - mypy
        return command


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(None, "-V", "--version", package_name="nhi-agent", message="%(prog)s %(version)s")
def verbs() -> None:
    """Find non-human identities and leaked secrets, and keep the evidence.

    Start with `nhi-agent sweep` inside a clone: it reads all of its history and shows which secrets live there, since
    when, whose they are, and what could not be read. Nothing leaves the machine, and no secret is ever shown.

    \b
    Exit codes:
      0  everything was read, and nothing found reaches the threshold
      1  findings at or above the threshold (--fail-on)
      2  wrong usage
      3  something could not be read; wins over 1
      4  configuration or key
      5  store or output
    """  # noqa: D301 - click wants the backspace itself


def main() -> None:
    """Entry of the console script."""
    set_up_hooks()
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code. What went wrong is on stderr."""
    if sys.platform == "win32":
        return _say("Windows is not supported; use Linux, macOS or the container image.", Ending.USAGE)
    # Python leaves a stream out that was closed before it began (`>&-`); what is written to it would be lost unseen.
    if cast("object", sys.stdout) is None:
        return _say("standard output is closed; leave it open, or send it to a file.", Ending.STORE)
    try:
        ending = verbs.main(list(arguments), prog_name="nhi-agent", standalone_mode=False)
        sys.stdout.flush()
        return int(ending or Ending.CLEAN)
    except click.exceptions.NoArgsIsHelpError as error:
        sys.stderr.write(f"{error.format_message()}\n")
        return Ending.USAGE
    except click.UsageError as error:
        hint = f" (try `{error.ctx.command_path} --help`)" if error.ctx else ""
        return _say(f"{_on_one_line(error)}{hint}", Ending.USAGE)
    except click.ClickException as error:
        return _say(_on_one_line(error), Ending.USAGE)
    except (click.Abort, KeyboardInterrupt):
        return _say("interrupted; what was not finished was not recorded.", Ending.INTERRUPTED)
    except AgentError as error:
        return _say(str(error), error.ending)
    except (NotAllowed, NotFound) as error:
        return _say(escaped(str(error)), Ending.USAGE)
    except StoreError as error:
        return _say(escaped(str(error)), Ending.STORE)
    except (BrokenPipeError, SystemExit):
        # click turns a broken pipe into an exit of its own, by the code that here means findings.
        return _quietly_closed()
    except Exception as error:  # noqa: BLE001 - the last line: an exception's text may quote what was scanned
        line = crash_line(type(error), error.__traceback__)
        return _say(f"this is a defect of nhi-agent, please report it: {line}", Ending.DEFECT)


def _on_one_line(error: click.ClickException) -> str:
    """What click has to say; it sets choices out on lines of their own."""
    return escaped(" ".join(error.format_message().split()))


def _say(sentence: str, ending: Ending) -> int:
    """Write one sentence a line on stderr, so that logs of many runs can be searched for the program's name."""
    with contextlib.suppress(OSError, AttributeError):
        for line in sentence.splitlines():
            sys.stderr.write(f"nhi-agent: {line}\n")
        sys.stderr.flush()
    return int(ending)


def _quietly_closed() -> int:
    """The reader of our output went away, as ``head`` does. Python would complain once more when it closes stdout."""
    nowhere: Any = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    return _BROKEN_PIPE
