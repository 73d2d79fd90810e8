"""Raising the worst-served proposal by exchanges: a quick start for the search, which proves nothing."""

import numpy as np

from proposals.review.calculations.programme import Flags, Floats, Programme

ROUNDS = 20_000


def raise_least(programme: Programme, chosen: Flags) -> Flags:
    """The same number of places filled, the least sum as high as single exchanges bring it.

    The worst-served proposal gives up one reviewer for another who has room, or trades with a proposal that stays better off.
    """
    shape = len(programme.needed), len(programme.room)
    number = np.full(shape, -1)
    number[programme.proposal, programme.reviewer] = np.arange(len(chosen))
    fits: Floats = np.full(shape, -np.inf)
    fits[programme.proposal, programme.reviewer] = programme.affinity
    held = np.zeros(shape, dtype=np.bool_)
    held[programme.proposal[chosen], programme.reviewer[chosen]] = True
    room = programme.room - held.sum(axis=0)
    sums = np.where(programme.judged, programme.base + np.where(held, fits, 0.0).sum(axis=1), np.inf)
    for _ in range(ROUNDS):
        worst = int(sums.argmin())
        gain, given, partner, taken = 0.0, -1, -1, -1
        for mine in np.flatnonzero(held[worst]):
            mine_after = np.where(held[worst], -np.inf, sums[worst] - fits[worst, mine] + fits[worst])
            free = np.where(room > 0, mine_after, -np.inf)
            if (best := free.max() - sums[worst]) > gain + 1e-9:
                gain, given, partner, taken = float(best), int(mine), -1, int(free.argmax())
            theirs = np.where(held, sums[:, None] - fits, -np.inf) + np.where(held[:, mine], -np.inf, fits[:, mine])[:, None]
            both = np.minimum(mine_after[None, :], theirs)
            both[worst] = -np.inf
            if (best := both.max() - sums[worst]) > gain + 1e-9:
                gain, given = float(best), int(mine)
                partner, taken = (int(i) for i in np.unravel_index(both.argmax(), shape))
        if given < 0:
            break
        held[worst, given], held[worst, taken] = False, True
        sums[worst] += fits[worst, taken] - fits[worst, given]
        if partner < 0:
            room[given] += 1
            room[taken] -= 1
        else:
            held[partner, taken], held[partner, given] = False, True
            sums[partner] += fits[partner, given] - fits[partner, taken]
    result: Flags = np.zeros(len(chosen), dtype=np.bool_)
    result[number[held]] = True
    return result
