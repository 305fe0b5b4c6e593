"""Identifiers: unified social credit codes (GB 32100-2015) and pseudonyms, for whole arrays at once."""

from __future__ import annotations

import numpy as np

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The 31 characters of GB 32100: no I, O, S, V, Z."""

_LETTERS = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)
_VALUE_31 = np.full(128, -1, dtype=np.int64)
_VALUE_31[_LETTERS] = np.arange(31)
_VALUE_36 = np.full(128, -1, dtype=np.int64)
_VALUE_36[np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", dtype=np.uint8)] = np.arange(36)
_WEIGHTS_32100 = np.array([pow(3, place, 31) for place in range(17)])
_WEIGHTS_11714 = np.array([3, 7, 9, 10, 5, 8, 4, 2])
_CHECK_11714 = np.frombuffer(b"0123456789X", dtype=np.uint8)
_SPACE = 31**6
_HEX = np.array([f"{byte:02x}" for byte in range(256)], dtype="S2")


def social_credit_codes(numbers: np.ndarray, kinds: np.ndarray, regions: np.ndarray, key: int) -> np.ndarray:
    """One code per number; distinct numbers get distinct codes.

    The organisation's part is ``MA`` and six characters, as issued since 2015, with its check digit by GB 11714. The last
    character is the check digit by GB 32100: 31 − Σ value · 3^place mod 31.

    Args:
        numbers: whole numbers below 31^6, one per entity.
        kinds: two-character prefixes (authority and kind), such as ``b"91"``, dtype S2.
        regions: six-digit region codes, dtype S6.
        key: hash key that scatters the numbers, so that consecutive numbers get codes far apart.

    Returns:
        Codes, dtype S18.

    Raises:
        ValueError: a number is out of range.
    """
    if len(numbers) and (numbers.min() < 0 or numbers.max() >= _SPACE):
        raise ValueError(f"numbers must be from 0 to {_SPACE - 1}: there are no more distinct codes")
    offset = int(scatter(np.array([0]), key)[0] % np.uint64(_SPACE))
    scattered = (numbers.astype(np.int64) * 387_420_489 + offset) % _SPACE  # 3^18 and 31 share no factor, so this is one to one
    code = np.empty((len(numbers), 18), dtype=np.uint8)
    code[:, 0:2] = np.frombuffer(np.ascontiguousarray(kinds, dtype="S2").tobytes(), dtype=np.uint8).reshape(-1, 2)
    code[:, 2:8] = np.frombuffer(np.ascontiguousarray(regions, dtype="S6").tobytes(), dtype=np.uint8).reshape(-1, 6)
    code[:, 8:10] = np.frombuffer(b"MA", dtype=np.uint8)
    for place in range(6):
        code[:, 15 - place] = _LETTERS[scattered % 31]
        scattered //= 31
    total = _VALUE_36[code[:, 8:16]] @ _WEIGHTS_11714
    code[:, 16] = _CHECK_11714[(11 - total % 11) % 11]
    code[:, 17] = check_characters(code[:, :17])
    return np.frombuffer(code.tobytes(), dtype="S18")


def check_characters(stems: np.ndarray) -> np.ndarray:
    """The check characters of GB 32100 for stems of 17 characters, shape (n, 17), dtype uint8."""
    return _LETTERS[(31 - _VALUE_31[stems] @ _WEIGHTS_32100 % 31) % 31]


def with_wrong_check(codes: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Replace the check character of the chosen codes (a mask). Valid pilot codes have such wrong characters."""
    text = np.frombuffer(codes.tobytes(), dtype=np.uint8).reshape(-1, 18).copy()
    text[chosen, 17] = _LETTERS[(_VALUE_31[text[chosen, 17]] + 7) % 31]
    return np.frombuffer(text.tobytes(), dtype="S18")


def scatter(numbers: np.ndarray, key: int) -> np.ndarray:
    """A 64-bit hash of each number (the finaliser of SplitMix64), the same on every machine."""
    with np.errstate(over="ignore"):
        mixed = numbers.astype(np.uint64) + np.uint64((key * 0x9E3779B97F4A7C15) % 2**64)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return mixed ^ (mixed >> np.uint64(31))


def pseudonyms(numbers: np.ndarray, key: int) -> np.ndarray:
    """Sixteen hexadecimal characters per number, dtype S16. Equal numbers get equal pseudonyms."""
    big_endian = scatter(numbers, key).astype(">u8")
    pairs = _HEX[np.frombuffer(big_endian.tobytes(), dtype=np.uint8)]
    return np.frombuffer(pairs.tobytes(), dtype="S16")
