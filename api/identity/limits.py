"""How often somebody may try to sign in: from one address, and all addresses together.

A code has 256 random bits, so the limits are not what keeps it from being guessed; they keep whoever
tries from taking up the server's time, and make it heard.
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
ALL_TOGETHER: Final = RateLimitItemPerMinute(100)


class Attempts:
    """Of one process; they are forgotten with it. Safe for threads."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def seconds_to_wait(self, origin: str) -> int:
        """Counts one attempt; 0 where it may be made."""
        network = _network_of(origin)
        # The origin first: one who is turned away for his own attempts takes none from the others.
        for limit, key in ((PER_ORIGIN, network), (ALL_TOGETHER, "all")):
            if not self._limiter.hit(limit, "sign-in", key):
                reset = self._limiter.get_window_stats(limit, "sign-in", key).reset_time
                return max(1, math.ceil(reset - time.time()))
        return 0


def _network_of(origin: str) -> str:
    """An IPv6 address counts as its /64, all of which is one household's."""
    try:
        address = ip_address(origin)
    except ValueError:
        return origin
    return address.exploded[:19] if isinstance(address, IPv6Address) else origin
