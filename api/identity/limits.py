"""Limits on sign-in attempts: from one network address, and from all addresses together.

A code has 256 random bits and cannot be guessed. The limits keep attempts from using the server's time, and put them
into the security log.
"""

from __future__ import annotations

import math
import time
from ipaddress import IPv6Address, ip_address
from typing import Final

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

PER_ORIGIN: Final = RateLimitItemPerMinute(10)
ALL_ORIGINS: Final = RateLimitItemPerMinute(100)


class Attempts:
    """Counts the sign-in attempts of one process, in memory only. It is thread-safe."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def seconds_to_wait(self, origin: str) -> int:
        """Counts one attempt. Returns 0 if the attempt is allowed, else the seconds until the next one is allowed."""
        network = _network_of(origin)
        # The limit of the origin is checked first: an attempt that it refuses does not count against all others.
        for limit, key in ((PER_ORIGIN, network), (ALL_ORIGINS, "all")):
            if not self._limiter.hit(limit, "sign-in", key):
                reset = self._limiter.get_window_stats(limit, "sign-in", key).reset_time
                return max(1, math.ceil(reset - time.time()))
        return 0


def _network_of(origin: str) -> str:
    """The network that is counted. For an IPv6 address it is the /64, which belongs to one connection."""
    try:
        address = ip_address(origin)
    except ValueError:
        return origin
    return address.exploded[:19] if isinstance(address, IPv6Address) else origin
