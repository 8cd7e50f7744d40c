"""A Doorstep process on a machine whose clock is wrong: ``python -m tests.chaos.machine FILE up --json``. FILE says by
how many seconds; whoever writes to it sets the clock, also while the process runs. ``monotonic`` goes on as ever.
"""

import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import django


def main() -> None:
    """Set the clocks, then do what the command line says."""
    file = Path(sys.argv.pop(1))
    seconds, nanoseconds, setup = time.time, time.time_ns, django.setup

    def wrong() -> float:
        return float(file.read_text(encoding="ascii"))

    def set_up(set_prefix: bool = True) -> None:
        setup(set_prefix)
        django.setup = setup
        from doorstep.app import clock

        now = clock.now

        def wrong_now() -> datetime:
            return now() + timedelta(seconds=wrong())

        clock.now = wrong_now

    time.time = lambda: seconds() + wrong()
    time.time_ns = lambda: nanoseconds() + int(wrong() * 1e9)
    django.setup = set_up
    from doorstep.cli import main as command

    command()


if __name__ == "__main__":
    main()
