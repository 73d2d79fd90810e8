"""The verbs that the state machine is played with: all of intake, review and decisions."""

from tests.proofs.world import INTAKE, Verb

VERBS: list[tuple[str, Verb]] = INTAKE
