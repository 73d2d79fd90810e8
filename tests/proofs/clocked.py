"""A beat by another clock, in a process of its own: reads instants, does at each what the site's beat has done then.

python -m tests.proofs.clocked, one ISO instant a line; it answers each with how much it found to begin.
"""

import sys
from datetime import datetime

import django


def main() -> None:
    """Until the input ends."""
    django.setup()
    from proposals.intake.actions import remind, tell

    print("ready", flush=True)
    for line in sys.stdin:
        now = datetime.fromisoformat(line.strip())
        begun = remind(now=now)
        while tell(now=now):
            pass
        print(begun, flush=True)


if __name__ == "__main__":
    main()
