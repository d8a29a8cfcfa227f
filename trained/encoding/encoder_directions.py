"""Fixed pseudo-random directions for values and texts: the same in every process and on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

import numpy as np
import numpy.typing as npt

MOST_CHARACTERS: Final = 256
"""Characters of a text that are compared; what comes after them is not."""

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_TAU: Final = 2.0 * np.pi


def mix(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Scatter 64-bit numbers (the finaliser of SplitMix64, Steele, Lea and Flood 2014)."""
    z = numbers + _GOLDEN
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def seeds_of(feature: str, values: Sequence[str]) -> npt.NDArray[np.uint64]:
    """A 64-bit number for each value of a feature."""
    start = blake2b(feature.encode() + b"\0", digest_size=8)
    digests = bytearray()
    for value in values:
        one = start.copy()
        one.update(value.encode("utf-8", "surrogatepass"))
        digests += one.digest()
    return np.frombuffer(bytes(digests), "<u8").astype(np.uint64, copy=False)


def unit_directions(seeds: npt.NDArray[np.uint64], width: int) -> npt.NDArray[np.float32]:
    """One unit vector a seed, spread evenly over the sphere; float32 (len(seeds), width)."""
    if width == 0:
        return np.zeros((len(seeds), 0), np.float32)
    steps = np.arange(1, width + 1, dtype=np.uint64) * np.uint64(2)
    first = mix(seeds[:, None] ^ mix(steps)[None, :])
    second = mix(seeds[:, None] ^ mix(steps + np.uint64(1))[None, :])
    # Box and Muller: two even numbers make one normal number; normal numbers make an even direction
    radius = np.sqrt(-2.0 * np.log((first >> np.uint64(11)).astype(np.float64) * 2.0**-53 + 2.0**-54))
    normal = radius * np.cos(_TAU * (second >> np.uint64(11)).astype(np.float64) * 2.0**-53)
    return scaled_to_unit(normal)


def scaled_to_unit(rows: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """Rows divided by their length; a row of zeros stays one. float32."""
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, None]
    divided: npt.NDArray[np.floating] = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    return divided.astype(np.float32, copy=False)


def text_directions(feature: str, texts: Sequence[str], width: int) -> npt.NDArray[np.float32]:
    """A unit vector for each text that is near those of texts with common parts: hashed three-character pieces.

    Args:
        feature: name of the feature; other features scatter the same text elsewhere only when it is very short.
        texts: t tidied texts; case does not count.
        width: dimensions, at least 1.

    Returns:
        float32 (t, width), rows of length 1.
    """
    framed = [f"\x02{text[:MOST_CHARACTERS].lower()}\x03" for text in texts]
    points = np.frombuffer("".join(framed).encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint64)
    lengths = np.fromiter((len(text) for text in framed), np.int64, len(framed))
    owner = np.repeat(np.arange(len(framed)), lengths)
    total: npt.NDArray[np.float64] = np.zeros((len(framed), width), np.float64)
    if len(points) >= 3:
        inside = owner[:-2] == owner[2:]
        # A code point needs 21 bits, so three of them make one 63-bit number without loss
        pieces = (points[:-2] << np.uint64(42) | points[1:-1] << np.uint64(21) | points[2:])[inside]
        scattered = mix(pieces)
        places = owner[:-2][inside] * width + (scattered % np.uint64(width)).astype(np.int64)
        signs = 1.0 - 2.0 * (scattered >> np.uint64(63)).astype(np.float64)
        counted = np.bincount(places, weights=signs, minlength=len(framed) * width)
        total = counted.astype(np.float64, copy=False).reshape(len(framed), width)
    made = scaled_to_unit(total)
    cancelled = np.flatnonzero(~total.any(axis=1))
    if len(cancelled):
        made[cancelled] = unit_directions(seeds_of(feature, [framed[row] for row in cancelled]), width)
    return made
