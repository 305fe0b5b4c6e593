"""The physical lines of a text file: read in blocks of bounded size, then split and decoded as Arrow text.

A good line needs no Python object. Encodings that cannot be split by bytes (UTF-16, UTF-32, EBCDIC) are read as UTF-8.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import wraps
from typing import BinaryIO, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.formats.raw_records import BLOCK_BYTES, LONGEST_RAW, RawChunk, RawFile, RejectedRecord

LONGEST_LINE = 1 << 20
"""Bytes. A longer line is skipped without holding it in memory."""
# A character has at most four bytes in every encoding, so this many bytes give LONGEST_RAW characters.
_HEAD_BYTES = LONGEST_RAW * 4

# Encodings in which every byte 0x0A is a line feed, and each line can be decoded by itself.
_LINE_SAFE = ("utf-8", "ascii", "iso8859", "latin", "cp125", "cp437", "cp85", "cp86", "koi8", "mac-", "gb", "big5", "cp93", "cp94",
              "cp95", "shift_jis", "euc_", "johab")  # fmt: skip
SAMPLE_BYTES = 1 << 20
"""Bytes of a file's beginning from which its format, encoding and delimiter are guessed."""


def text_reader(read: Callable[[BinaryIO, RawFile], Iterator[RawChunk]]) -> Callable[[RawFile], Iterator[RawChunk]]:
    """Decorate a reader of a text format: it gets a stream in a line-safe encoding, without a byte order mark."""

    @wraps(read)
    def read_text(file: RawFile) -> Iterator[RawChunk]:
        with file.path.open("rb") as stream:
            head = stream.read(4)
            encoding = codecs.lookup(file.encoding).name.removesuffix("-sig")
            stream.seek(3 if encoding == "utf-8" and head.startswith(codecs.BOM_UTF8) else 0)
            if not is_line_safe(encoding):
                try:
                    yield from read(cast(BinaryIO, Transcoded(stream, encoding)), replace(file, encoding="utf-8"))
                except UnicodeError as error:  # UTF-16 and UTF-32 need the mark that names the order of their bytes
                    why = f"it is not {encoding}: {error}; set the encoding that the file has, or deliver it again"
                    yield file.unreadable(why)
            elif head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                why = f"it begins like UTF-16, not {encoding}: set its encoding to utf-16"
                yield file.unreadable(why)
            else:
                yield from read(stream, replace(file, encoding=encoding))

    return read_text


def is_line_safe(encoding: str) -> bool:
    """Whether a file in this encoding can be split into lines before it is decoded."""
    return codecs.lookup(encoding).name.startswith(_LINE_SAFE)


def guess_encoding(head: bytes) -> str:
    """The encoding that the lines of a file's beginning which are not ASCII speak for.

    Legacy encodings decode much that is not their own. So for each one the lines that it decodes count, and the characters that are
    usual in its languages; in Western languages these are single letters between others. Text of one East Asian language often
    decodes to usual characters of another, but seldom to its common ones; so common ones count twice.
    """
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    lines = [line for line in head.split(b"\n") if not line.isascii()]
    lines = lines[:-1] if len(lines) > 1 and len(head) == SAMPLE_BYTES else lines
    if sum(_decoded(line, "utf-8") is not None for line in lines) >= _LEAST_UTF8 * len(lines):
        return "utf-8"
    evidence = {encoding: _evidence(lines, encoding, usual) for encoding, usual in _USUAL.items()}
    return max(evidence, key=lambda encoding: evidence[encoding])


_WESTERN = re.compile(r"\xa0|(?<![^\x00-\x7f\xa0])(?:[À-ÖØ-öø-ÿŒœŠšŽžŸ]|[‘’“”–—…€™®©°§«»¿¡ºª½¼·])(?![^\x00-\x7f\xa0])")
_LEAST_UTF8 = 0.5
"""Bytes that are no UTF-8 seldom look like it, so a file with this share of its lines in UTF-8 is a damaged UTF-8 file."""
_COMMON_HANZI = frozenset(
    "省市区县镇乡村街道路号楼室层单元栋有限公司责任合伙个体工商户业经营范围日期名称地址住所类型状态登记注册资本成立法定代表人统"
    "一社会信用行政许可食品餐饮店超药科技贸易服务管理建设国中华东南西北上海京广州江山新文化投诉编受处别金额年月检查结果格不的是"
    "了我在这消费者购买质量问题万大小电话备存续销码縣鎮鄉號樓單棟責營業範圍稱類狀態記冊資統會許藥貿務國華東廣臺台灣區長證發設備"
    "費購買質檢結萬電話碼員機關條鄰巷弄段都府県丁目番株式飲販売製造事種氏営川島田松屋茶堂橋丸原井条崎岡福千葉神奈戸古阪"
)
_COMMON_HANGUL = frozenset(
    "이다는의에가을를은한고하지로사기시도서인대자어스아리정부일수제전구동상해그조장여무원경나보안공라주으신용성소영업명번호등록"
    "허폐휴식음점품위생관반치면읍군울산광역별특천북남강중길층건물민국법유통판매개월년태코드내처분검결과적합청접회"
)
"""Characters that headers, names, addresses and complaints often have: in Chinese and Japanese, and in Korean."""


def _count_japanese(text: str) -> int:
    """As in :data:`_USUAL`. A single character between ASCII ones does not count: Western text decodes like that."""
    characters = "".join(re.findall(r"[^\x00-\x7f]{2,}", text))
    usual = sum("ｦ" <= one <= "ﾟ" or b"\x80" < one.encode("cp932", "ignore") < b"\x98" for one in characters)
    return usual + sum("ぁ" <= one <= "ー" or one in _COMMON_HANZI for one in characters)


_USUAL: dict[str, Callable[[str], int]] = {
    "cp1252": lambda text: len(_WESTERN.findall(text)),
    "latin-1": lambda text: len(_WESTERN.findall(text)),
    "gb18030": lambda text: sum((len(one.encode("gb2312", "ignore")) == 2) + (one in _COMMON_HANZI) for one in text),
    "big5": lambda text: sum((not one.isascii() and one.encode("big5") < b"\xc9") + (one in _COMMON_HANZI) for one in text),
    "cp949": lambda text: sum((b"\xb0" <= one.encode("euc_kr", "ignore") < b"\xc9") + (one in _COMMON_HANGUL) for one in text),
    "cp932": _count_japanese,
    "euc_jp": _count_japanese,
}
"""For each legacy encoding, the number of characters of a text that are usual in its languages, common East Asian ones twice; of
equals the first counts. EUC-KR's frequent syllables begin with the bytes B0 to C8."""


def _evidence(lines: list[bytes], encoding: str, usual: Callable[[str], int]) -> float:
    """The share of the lines that are decoded, times the share of usual characters among those that are not ASCII."""
    texts = [text for line in lines if (text := _decoded(line, encoding)) is not None]
    count = sum(not one.isascii() for text in texts for one in text)
    return len(texts) / len(lines) * sum(map(usual, texts)) / count if count else 0.0


@dataclass(frozen=True)
class Lines:
    """Complete lines, each with its line feed (the file's last line may lack one)."""

    data: bytes


@dataclass(frozen=True)
class LongLine:
    """The beginning of a line that is longer than :data:`LONGEST_LINE`."""

    head: bytes


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
            rest, is_over = _skip_line(stream, block_bytes)
            yield LongLine(head)
            if not is_over:
                return
            cut = rest.rfind(b"\n") + 1
            if cut:
                yield Lines(rest[:cut])
                rest = rest[cut:]
    if rest:
        yield Lines(rest)


def _skip_line(stream: BinaryIO, block_bytes: int) -> tuple[bytes, bool]:
    """Skip to the line's end. Return the bytes read after it, and whether the end was found."""
    while chunk := stream.read(block_bytes):
        end = chunk.find(b"\n")
        if end >= 0:
            return chunk[end + 1 :], True
    return b"", False


@dataclass
class Block:
    """Complete physical lines of a file, split but not yet parsed.

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


def split_block(data: bytes, encoding: str) -> Block:
    """Split complete lines and decode them."""
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == 0x0A)
    if not data.endswith(b"\n"):
        ends = np.append(ends, len(data))
    starts = np.concatenate(([0], ends[:-1] + 1))
    return Block(data, _texts(data, encoding), starts, ends - starts)


def _texts(data: bytes, encoding: str) -> pa.StringArray:
    try:
        plain = data if encoding == "utf-8" else data.decode(encoding).encode()
        texts = _split(plain)
    except (UnicodeDecodeError, pa.ArrowInvalid):
        texts = pa.array([_decoded(line, encoding) for line in data.removesuffix(b"\n").split(b"\n")], pa.string())
    # One carriage return belongs to the line end; a second one is the record's own.
    return pc.replace_substring_regex(texts, "\r$", "") if b"\r" in data else texts


def _split(plain: bytes) -> pa.StringArray:
    """The lines of UTF-8 text.

    Raises:
        pa.ArrowInvalid: when the text is not UTF-8.
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


def show(data: bytes, encoding: str) -> str:
    """Bytes as readable text: undecodable ones as ``\\xNN``, at most :data:`LONGEST_RAW` characters."""
    return data[:_HEAD_BYTES].decode(encoding, errors="backslashreplace")[:LONGEST_RAW]


def too_long(number: int, head: bytes, encoding: str) -> RejectedRecord:
    """The rejected record of a line that is too long."""
    return RejectedRecord(number, show(head, encoding), "line_too_long", f"line {number} is longer than {LONGEST_LINE:,} bytes")


def _mark_undecodable(error: UnicodeError) -> tuple[str, int]:
    """Replace each bad byte by a lone surrogate, which no valid text holds, so that the line stays invalid in UTF-8."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error("steelyard_mark", _mark_undecodable)


class Transcoded:
    """A stream of an encoding that is not line-safe, read as UTF-8.

    Bytes that cannot be decoded become bytes that are not UTF-8, so that their lines are rejected.
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
