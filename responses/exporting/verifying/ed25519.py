"""Ed25519 signatures, as in RFC 8032, section 5.1, in pure Python."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

# The curve's prime, the order of its base point, and its constant d.
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


class Point(NamedTuple):
    """A point of the curve in extended coordinates (section 5.1.4)."""

    x: int
    y: int
    z: int
    t: int


def add(one: Point, other: Point) -> Point:
    """Return the sum of two points (section 5.1.4)."""
    a = (one.y - one.x) * (other.y - other.x) % P
    b = (one.y + one.x) * (other.y + other.x) % P
    c = 2 * one.t * other.t * D % P
    d = 2 * one.z * other.z % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return Point(e * f % P, g * h % P, f * g % P, e * h % P)


def times(factor: int, point: Point) -> Point:
    total = Point(0, 1, 1, 0)
    while factor:
        if factor & 1:
            total = add(total, point)
        point = add(point, point)
        factor >>= 1
    return total


def point_of(encoded: bytes) -> Point:
    """Return the point that 32 bytes encode (section 5.1.3). Raises ValueError if they encode
    none.
    """
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if len(encoded) != 32 or y >= P:
        raise ValueError("these bytes are not a point of the curve")
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * ROOT_OF_MINUS_ONE % P
    if x * x % P != square or (x == 0 and sign):
        raise ValueError("these bytes are not a point of the curve")
    if x & 1 != sign:
        x = P - x
    return Point(x, y, 1, x * y % P)


BASE = point_of(bytes([0x58]) + bytes([0x66]) * 31)


def signature_holds(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether the private key of `public_key` made `signature` over `message` (section
    5.1.7).
    """
    try:
        key, commitment = point_of(public_key), point_of(signature[:32])
    except ValueError:
        return False
    scalar = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or scalar >= ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public_key + message).digest()
    challenge = int.from_bytes(digest, "little") % ORDER
    left, right = times(scalar, BASE), add(commitment, times(challenge, key))
    return (left.x * right.z - right.x * left.z) % P == 0 and (
        left.y * right.z - right.y * left.z
    ) % P == 0
