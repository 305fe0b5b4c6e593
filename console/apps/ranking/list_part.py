"""A part of a list."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pyroaring import BitMap

LAST = 2**31 - 1
"""Above every place of a list."""


@dataclass(frozen=True, eq=False)
class Part:
    """The places after ``after`` up to ``until``.

    Attributes:
        among: only these places, if given.
        excluded: none of these places, if given.
    """

    after: int = 0
    until: int = LAST
    among: BitMap | None = None
    excluded: BitMap | None = None

    def of(self, places: BitMap) -> BitMap:
        """Those of the given places that are in the part."""
        left = places.copy()
        left.remove_range(0, self.after + 1)
        left.remove_range(self.until + 1, LAST + 1)
        if self.among is not None:
            left &= self.among
        return left if self.excluded is None else left - self.excluded

    def only(self, places: BitMap) -> Part:
        """The part restricted to these places."""
        return replace(self, among=places if self.among is None else self.among & places)

    def without(self, places: BitMap) -> Part:
        """The part without these places."""
        return replace(self, excluded=places if self.excluded is None else self.excluded | places)


WHOLE = Part()
