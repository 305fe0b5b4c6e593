"""ZIP archives whose bytes depend on what is in them alone: members in the order of their names, none with the clock's date."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping


def zipped(members: Mapping[str, bytes]) -> bytes:
    """The members, by name, in one archive; each is dated 1980, the first year that a ZIP can tell."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, members[name], compress_type=zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
