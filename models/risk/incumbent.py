"""The model in use against the one that was trained to take its place: it stays only if it is better beyond noise.

Both order visits that neither learnt from, each calibrated on them first, by the rule of :mod:`models.risk.champion`. There the readable
candidate is preferred; here the new model is, which knows the newest labels and today's catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from models.inputs import Floats
from models.one_order import one_order
from models.risk.calibration import fit_calibration, log_loss
from models.risk.champion import Contest, choose

NEW, IN_USE = "the new model", "the model in use"


@one_order
def defend(
    margins: Mapping[str, Floats], y: npt.ArrayLike, weight: npt.ArrayLike, entity: npt.ArrayLike, *, seed: int
) -> Contest | None:
    """Hold the model in use against the new one.

    Args:
        margins: of :data:`NEW` and :data:`IN_USE` on the same visits, shape (m,).
        y: what the visits found, 0 or 1.
        weight: what each visit counts, positive.
        entity: of each visit; an entity is drawn with all its visits.
        seed: of the draws; the order of the visits changes nothing.

    Returns:
        The contest, which the model in use wins only beyond noise; None where all visits ended alike, or there is none.
    """
    found = np.asarray(y, dtype=np.float64)
    if found.min(initial=1.0) == found.max(initial=0.0) or not len(found):
        return None
    names, weights = np.asarray(entity, dtype=object).astype(str), np.asarray(weight, dtype=np.float64)
    order = np.lexsort((weights, found, margins[IN_USE], margins[NEW], names))
    found, names, weights = found[order], names[order], weights[order]
    losses = {}
    for name in (NEW, IN_USE):
        margin = np.asarray(margins[name], dtype=np.float64)[order]
        losses[name] = log_loss(fit_calibration(margin, found, weights).log_odds(margin), found)
    return choose(losses, weights, names, seed=seed).contests[0]
