"""The assignment as a linear programme, solved by HiGHS; what it answers is only a proposal until checked exactly."""

from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Numbers = NDArray[np.int64]

TOLERANCE = 1e-9  # of a row's sum, an integer and a reduced cost
_ENDED = {
    highspy.HighsModelStatus.kOptimal,
    highspy.HighsModelStatus.kInfeasible,
    highspy.HighsModelStatus.kUnboundedOrInfeasible,
}


class SolverFailed(RuntimeError):
    """HiGHS refused the programme or broke one of its rules: no assignment is given."""


@dataclass(frozen=True)
class Programme:
    """Who may still be assigned to what: one entry a pair in the first three, one a proposal or reviewer in the others.

    `needed` are open places, `room` what reviewers can still take, `base` the affinity that fixed pairs already bring;
    `judged` marks the proposals whose sum counts as served: those that need anybody.
    """

    proposal: Numbers
    reviewer: Numbers
    affinity: Floats
    needed: Numbers
    room: Numbers
    base: Floats
    judged: Flags


@dataclass(frozen=True)
class Wish:
    """What is asked: maximise `gain` a pair (None: the least sum), filling `fill` places, each sum at least `least`.

    `lower` and `upper` bound each pair by 0 or 1; `banned` are sets of pairs, of one proposal each, not to be its whole set.
    """

    gain: Floats | None
    lower: Flags
    upper: Flags
    fill: int | None = None
    least: float | None = None
    whole: bool = False
    banned: tuple[tuple[Numbers, Numbers], ...] = ()


@dataclass(frozen=True)
class Answer:
    """`ended` is False when time ran out; `value` and `chosen` are None when nothing was found."""

    ended: bool
    value: float | None = None
    chosen: Floats | None = None
    reduced: Floats | None = None
    bound: float = np.inf


def solve(programme: Programme, wish: Wish, *, seconds: float, any_will_do: bool = False) -> Answer:
    """Maximise, for at most `seconds`; with `any_will_do` the first whole answer ends the search."""
    model = highspy.Highs()  # type: ignore[no-untyped-call]  # its constructor has no annotations
    options: dict[str, bool | int | float | str] = {
        "output_flag": False,
        "threads": 1,
        "time_limit": max(seconds, 0.01),
        "mip_rel_gap": 0.0,
        "mip_abs_gap": TOLERANCE,
        "primal_feasibility_tolerance": TOLERANCE,
        "dual_feasibility_tolerance": TOLERANCE,
        "mip_feasibility_tolerance": TOLERANCE,
        **({"mip_max_improving_sols": 1} if any_will_do else {}),
        **(
            {"solver": "ipm"} if wish.gain is None and not wish.whole else {}
        ),  # the simplex needs ten times as long for the least sum
    }
    for name, value in options.items():
        if model.setOptionValue(name, value) != highspy.HighsStatus.kOk:
            raise SolverFailed(f"HiGHS does not know {name}={value}")
    if model.passModel(_rows(programme, wish)) == highspy.HighsStatus.kError:
        raise SolverFailed("HiGHS refused the programme")
    for inside, outside in wish.banned:
        members = np.concatenate([inside, outside]).astype(np.int32)
        signs = np.concatenate([np.ones(len(inside)), -np.ones(len(outside))])
        model.addRow(-highspy.kHighsInf, len(inside) - 1, len(members), members, signs)
    if model.run() == highspy.HighsStatus.kError:
        raise SolverFailed("HiGHS failed")
    return _answer(model, len(programme.affinity))


def _answer(model: highspy.Highs, pairs: int) -> Answer:
    status, info, found = model.getModelStatus(), model.getInfo(), model.getSolution()
    ended = status in _ENDED
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return Answer(ended)
    is_mip = info.mip_node_count >= 0
    reduced = None if is_mip or not found.dual_valid else np.asarray(found.col_dual)[:pairs]
    value = info.objective_function_value
    bound = info.mip_dual_bound if is_mip else (value if ended else np.inf)
    return Answer(ended, value, np.asarray(found.col_value)[:pairs], reduced, bound)


def _rows(programme: Programme, wish: Wish) -> highspy.HighsLp:
    """Rows: places of each proposal, room of each reviewer, places filled in all, and the sum of each proposal."""
    pairs, proposals, reviewers = len(programme.affinity), len(programme.needed), len(programme.room)
    full = wish.fill == int(programme.needed.sum())
    ones = np.ones(pairs)
    cells = [(programme.proposal, ones), (proposals + programme.reviewer, ones)]
    low = [programme.needed.astype(float) if full else np.full(proposals, -np.inf), np.full(reviewers, -np.inf)]
    high = [programme.needed.astype(float), programme.room.astype(float)]
    count = proposals + reviewers
    if wish.fill is not None and not full:
        cells.append((np.full(pairs, count), ones))
        low.append(np.array([float(wish.fill)]))
        high.append(np.array([float(wish.fill)]))
        count += 1
    sums = wish.gain is None or wish.least is not None
    if sums:
        cells.append((count + programme.proposal, programme.affinity))
        wanted = (wish.least if wish.least is not None else 0.0) - programme.base
        low.append(np.where(programme.judged, wanted, -np.inf))
        high.append(np.full(proposals, np.inf))
    index, value = (np.stack([cell[part] for cell in cells], axis=1).ravel() for part in (0, 1))
    lp = highspy.HighsLp()
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.row_lower_, lp.row_upper_ = np.concatenate(low), np.concatenate(high)
    lp.num_row_ = len(lp.row_lower_)
    start = np.arange(pairs + 1) * len(cells)
    cost, floor, roof = wish.gain, wish.lower.astype(float), wish.upper.astype(float)
    if cost is None:  # one more column: the least sum itself
        judged = np.flatnonzero(programme.judged)
        index, value = np.concatenate([index, count + judged]), np.concatenate([value, -np.ones(len(judged))])
        start = np.append(start, len(index))
        cost, floor, roof = np.append(np.zeros(pairs), 1.0), np.append(floor, 0.0), np.append(roof, np.inf)
    lp.num_col_, lp.col_cost_, lp.col_lower_, lp.col_upper_ = len(cost), cost, floor, roof
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = start, index, value
    if wish.whole:
        lp.integrality_ = [highspy.HighsVarType.kInteger] * pairs
    return lp
