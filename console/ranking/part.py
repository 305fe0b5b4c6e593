"""What of a list is wanted."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pyroaring import BitMap

LAST = 2**31 - 1


@dataclass(frozen=True, eq=False)
class Part:
    """Of the places after ``after`` up to ``until`` the first ``most``; None for all.

    Attributes:
        among: where it is given, of these places alone.
        but: where it is given, of none of these.
    """

    after: int = 0
    until: int = LAST
    most: int | None = None
    among: BitMap | None = None
    but: BitMap | None = None

    def of(self, places: BitMap) -> BitMap:
        """Those of some places that lie in the part: all of them, also where it says how many are wanted."""
        left = places.copy()
        left.remove_range(0, self.after + 1)
        left.remove_range(self.until + 1, LAST + 1)
        if self.among is not None:
            left &= self.among
        return left if self.but is None else left - self.but

    def only(self, places: BitMap) -> Part:
        """What of the part has these places."""
        return replace(self, among=places if self.among is None else self.among & places)

    def without(self, places: BitMap) -> Part:
        """What of the part has none of these places."""
        return replace(self, but=places if self.but is None else self.but | places)


WHOLE = Part()
