"""Hands the sink the same mail again and again over one connection, as fast as smtplib can: what the sink itself can take.

python -m tests.proofs.blast PORT COUNT FILE
"""

import smtplib
import sys
from pathlib import Path


def main(port: int, count: int, file: Path) -> None:
    """Send the file's bytes `count` times, a transaction each."""
    content = file.read_bytes()
    with smtplib.SMTP("127.0.0.1", port) as client:
        for number in range(count):
            client.sendmail("blast@lunar.example", [f"blast-{number}@partner.example"], content)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
