"""A robust, symmetric, unbounded scale on which one outlier cannot hide the rest."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from models.foundation.inputs import Floats

MAD_TO_SIGMA = 1.4826
MEAN_AD_TO_SIGMA = 1.2533


class RobustScale(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc, unused-ignore]
    """``asinh((x - median) / spread)``, with unknown values as 0 (the median).

    The spread is 1.4826 MAD; where more than half of the values are equal, 1.2533 times the mean absolute deviation
    (Iglewicz & Hoaglin 1993, "How to Detect and Handle Outliers", the modified z-score); where all are, 1.
    asinh is linear near 0, logarithmic far out and unbounded.

    Args:
        directions: one a column or None; with 1 (or -1) values below (above) the median become 0, since being unusually good is no
            risk.
    """

    def __init__(self, directions: tuple[int, ...] | None = None) -> None:
        self.directions = directions

    def fit(self, X: Floats, y: None = None) -> RobustScale:  # noqa: ARG002
        """Fit each column's median and spread on ``X`` of shape (rows, columns)."""
        values = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan")
        if self.directions is not None and len(self.directions) != values.shape[1]:
            raise ValueError(f"{len(self.directions)} directions were given for {values.shape[1]} columns")
        stats = [_center_and_spread(values[:, at]) for at in range(values.shape[1])]
        self.center_ = np.array([center for center, _ in stats], dtype=np.float64)
        self.spread_ = np.array([spread for _, spread in stats], dtype=np.float64)
        return self

    def transform(self, X: Floats) -> Floats:
        """The transformed values, same shape, no NaN."""
        transformed: Floats = np.arcsinh(self.standardize(X))
        return transformed

    def standardize(self, X: Floats) -> Floats:
        """The same without asinh: ``(x - median) / spread``, at most 1e300 in size, unknown values and those on the safe side 0."""
        check_is_fitted(self)
        values = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        with np.errstate(over="ignore"):
            standard: Floats = np.clip((values - self.center_) / self.spread_, -1e300, 1e300)
        if self.directions is not None:
            signs = np.asarray(self.directions, dtype=np.float64)
            standard = np.where(signs == 0, standard, np.maximum(standard * signs, 0.0))
        return np.nan_to_num(standard, nan=0.0)

    def __sklearn_tags__(self):  # type: ignore[no-untyped-def, unused-ignore]
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _center_and_spread(column: Floats) -> tuple[float, float]:
    known = column[~np.isnan(column)]
    if known.size == 0:
        return 0.0, 1.0
    center = float(np.median(known))
    distance = np.abs(known - center)
    for spread in (MAD_TO_SIGMA * float(np.median(distance)), MEAN_AD_TO_SIGMA * float(np.mean(distance))):
        if np.isfinite(spread) and spread > 1e-12 * max(1.0, abs(center)):
            return center, spread
    return center, 1.0
