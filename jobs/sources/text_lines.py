"""A block of a text file, cut into physical lines and decoded, without a Python object a line where all is well.

The physical lines of a text file, in blocks of bounded size, whatever the file holds.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.sources.raw_records import LONGEST_RAW, RejectedRecord


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


LONGEST_LINE = 1 << 20
"""Bytes; a longer line is passed over without being held in memory."""
BLOCK_BYTES = 4 << 20
# A character takes at most four bytes in every encoding read here, so this many bytes give LONGEST_RAW characters.
_HEAD_BYTES = LONGEST_RAW * 4

# Encodings in which the byte 0x0A is a line feed wherever it stands and each line can be decoded by itself.
_LINE_SAFE = ("utf-8", "ascii", "iso8859", "latin", "cp125", "cp437", "cp85", "cp86", "koi8", "mac-", "gb", "big5", "cp93", "cp94",
              "cp95", "shift_jis", "euc_", "johab")  # fmt: skip
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class Lines:
    """Complete lines, each with its line feed (the file's last line may lack one)."""

    data: bytes


@dataclass(frozen=True)
class LongLine:
    """A line longer than :data:`LONGEST_LINE`, of which only the beginning was kept."""

    head: bytes


def is_line_safe(encoding: str) -> bool:
    """Whether a file in this encoding can be cut into lines before it is decoded."""
    return codecs.lookup(encoding).name.startswith(_LINE_SAFE)


def looks_like_utf16(head: bytes) -> bool:
    """Whether a file begins with a UTF-16 byte order mark."""
    return head.startswith(_UTF16_MARKS)


def read_lines(stream: BinaryIO, block_bytes: int = BLOCK_BYTES) -> Iterator[Lines | LongLine]:
    """The lines of a binary stream; memory is bounded by ``block_bytes`` and :data:`LONGEST_LINE`."""
    rest = b""
    while chunk := stream.read(block_bytes):
        cut = chunk.rfind(b"\n") + 1
        if cut:
            yield Lines(rest + chunk[:cut])
            rest = chunk[cut:]
        else:
            rest += chunk
        if len(rest) > LONGEST_LINE:
            head = rest[:_HEAD_BYTES]
            rest, is_over = _pass_line(stream, block_bytes)
            yield LongLine(head)
            if not is_over:
                return
            cut = rest.rfind(b"\n") + 1
            if cut:
                yield Lines(rest[:cut])
                rest = rest[cut:]
    if rest:
        yield Lines(rest)


def _pass_line(stream: BinaryIO, block_bytes: int) -> tuple[bytes, bool]:
    """Read to the line's end; gives what was read after it, and whether its end was found."""
    while chunk := stream.read(block_bytes):
        end = chunk.find(b"\n")
        if end >= 0:
            return chunk[end + 1 :], True
    return b"", False


def show(data: bytes, encoding: str) -> str:
    """Bytes as text to be read by a person: undecodable ones as ``\\xNN``, at most :data:`LONGEST_RAW` characters."""
    return data[:_HEAD_BYTES].decode(encoding, errors="backslashreplace")[:LONGEST_RAW]


def too_long(number: int, head: bytes, encoding: str) -> RejectedRecord:
    """The rejected record of a line that was passed over."""
    return RejectedRecord(number, show(head, encoding), "line_too_long", f"line {number} is longer than {LONGEST_LINE:,} bytes")


def _mark_undecodable(error: UnicodeError) -> tuple[str, int]:
    """Stand a lone surrogate in for each bad byte, which no sound text holds: the line stays wrong in UTF-8."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error("steelyard_mark", _mark_undecodable)


class Transcoded:
    """A stream of an encoding that is not line-safe (UTF-16, UTF-32, EBCDIC), read as UTF-8.

    Bytes that cannot be decoded become bytes that are not UTF-8, so that their lines are turned away as they would be.
    """

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="steelyard_mark")
        self._is_over = False

    def read(self, size: int) -> bytes:
        """About ``size`` bytes; empty only at the end."""
        while not self._is_over:
            chunk = self._stream.read(size)
            self._is_over = not chunk
            text = self._decoder.decode(chunk, final=self._is_over)
            if text:
                return text.encode("utf-8", errors="surrogatepass")
        return b""
