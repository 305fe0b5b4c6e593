"""A block of a text file, cut into physical lines and decoded, without a Python object a line where all is well."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


@dataclass
class Block:
    """Complete physical lines of a file, cut but not yet parsed.

    ``texts`` holds NULL for a line that cannot be decoded; ``sizes`` counts bytes without the line feed.
    """

    data: bytes
    texts: pa.StringArray
    starts: np.ndarray
    sizes: np.ndarray

    def bytes_of(self, index: int) -> bytes:
        """A line's bytes without its line end."""
        start = int(self.starts[index])
        return self.data[start : start + int(self.sizes[index])].removesuffix(b"\r")


def cut_block(data: bytes, encoding: str) -> Block:
    """Cut complete lines and decode them."""
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == 0x0A)
    if not data.endswith(b"\n"):
        ends = np.append(ends, len(data))
    starts = np.concatenate(([0], ends[:-1] + 1))
    return Block(data, _texts(data, encoding), starts, ends - starts)


def _texts(data: bytes, encoding: str) -> pa.StringArray:
    try:
        plain = data if encoding == "utf-8" else data.decode(encoding).encode()
        texts = _cut(plain)
    except (UnicodeDecodeError, pa.ArrowInvalid):
        texts = pa.array([_decoded(line, encoding) for line in data.removesuffix(b"\n").split(b"\n")], pa.string())
    # One carriage return belongs to the line end; a second one is the record's own.
    return pc.replace_substring_regex(texts, "\r$", "") if b"\r" in data else texts


def _cut(plain: bytes) -> pa.StringArray:
    """UTF-8 text as its lines, without a Python object a line.

    Raises:
        pa.ArrowInvalid: when it is not UTF-8.
    """
    ends = np.flatnonzero(np.frombuffer(plain, np.uint8) == 0x0A).astype(np.int32) + 1
    if not plain.endswith(b"\n"):
        ends = np.append(ends, np.int32(len(plain)))
    offsets = np.concatenate((np.zeros(1, np.int32), ends))
    lines = pa.BinaryArray.from_buffers(pa.binary(), len(ends), [None, pa.py_buffer(offsets), pa.py_buffer(plain)])
    return pc.ascii_rtrim(lines.cast(pa.string()), "\n")


def _decoded(line: bytes, encoding: str) -> str | None:
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        return None
