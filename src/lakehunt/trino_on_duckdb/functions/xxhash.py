"""The 64-bit xxHash of bytes, as its specification has it (github.com/Cyan4973/xxHash,
doc/xxhash_spec.md).

It must not know SQL. Numbers are kept to 64 bits by masking.
"""

from __future__ import annotations

import struct

MASK = 2**64 - 1
P1, P2, P3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
P4, P5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
STRIPE, LANE, HALF = 32, 8, 4


def _rotated(number: int, bits: int) -> int:
    return (number << bits | number >> (64 - bits)) & MASK


def _round(state: int, lane: int) -> int:
    return _rotated((state + lane * P2) & MASK, 31) * P1 & MASK


def _stripes(data: bytes) -> tuple[int, int]:
    """The state after all whole stripes, and how many bytes these were."""
    if len(data) < STRIPE:
        return P5, 0
    lanes = [(P1 + P2) & MASK, P2, 0, -P1 & MASK]
    end = len(data) // STRIPE * STRIPE
    for at in range(0, end, STRIPE):
        words = struct.unpack_from("<4Q", data, at)
        lanes = [_round(lane, word) for lane, word in zip(lanes, words, strict=True)]
    state = (
        sum(_rotated(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18), strict=True)) & MASK
    )
    for lane in lanes:
        state = ((state ^ _round(0, lane)) * P1 + P4) & MASK
    return state, end


def xxhash64(data: bytes) -> bytes:
    """The hash with seed zero as eight bytes, the highest first."""
    state, at = _stripes(data)
    state = (state + len(data)) & MASK
    while at + LANE <= len(data):
        lane = int.from_bytes(data[at : at + LANE], "little")
        state = (_rotated(state ^ _round(0, lane), 27) * P1 + P4) & MASK
        at += LANE
    if at + HALF <= len(data):
        word = int.from_bytes(data[at : at + HALF], "little")
        state = (_rotated(state ^ word * P1 & MASK, 23) * P2 + P3) & MASK
        at += HALF
    for byte in data[at:]:
        state = _rotated(state ^ byte * P5 & MASK, 11) * P1 & MASK
    state = (state ^ state >> 33) * P2 & MASK
    state = (state ^ state >> 29) * P3 & MASK
    return (state ^ state >> 32).to_bytes(8, "big")
