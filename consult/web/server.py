"""`python -m consult.web.server`: the web server, with settings that fit the rest."""

import os
import sys
from pathlib import Path

from consult import env
from consult.web.ports import PortTaken, refuse_taken_port


def command() -> list[str]:
    """Return the web server's command line."""
    options: dict[str, object] = {
        "interface": "asginl",
        "http": "1",
        "host": env.read("HOST"),
        "port": env.read("PORT"),
        "workers": env.read("WEB_PROCESSES"),
        # Without it, a stop signal during a process's start would hang for ever.
        "workers-kill-timeout": 10,
        "log-level": "warning",
    }
    program = str(Path(sys.executable).parent / "granian")
    written = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    return [program, *written, "--respawn-failed-workers", "--no-ws", "consult.asgi:application"]


if __name__ == "__main__":
    try:
        refuse_taken_port(env.read("HOST"), env.read("PORT"))
    except (PortTaken, env.BadSetting) as problem:
        sys.exit(f"Cannot start: {problem}")
    os.execv(command()[0], command())  # noqa: S606
