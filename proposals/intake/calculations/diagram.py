"""The states' diagram, printed from the table, so that a picture can never say another thing than the code."""

from proposals.intake.states import CLOSED, MOVES, Status


def mermaid() -> str:
    """A Mermaid state diagram of `MOVES`, in the order of the enum."""
    lines = ["stateDiagram-v2", f"    [*] --> {Status.DRAFT}"]
    for was in Status:
        lines += [f"    {was} --> {now}" for now in Status if now in MOVES[was]]
    lines += [f"    {status} --> [*]" for status in Status if status in CLOSED]
    return "\n".join(lines)
