"""Limits on wrong sign-in codes: from one network address, and from all addresses together.

A code has 256 random bits and cannot be guessed. The limits keep wrong codes from using the server's time, and put them
into the security log. Only a wrong code counts, and a valid code signs in whatever others sent: otherwise anybody could
keep all users out. For the same reason, the limit of all addresses together delays the answers and refuses none.
"""

from __future__ import annotations

import asyncio
import math
import time
from ipaddress import IPv6Address, ip_address
from typing import Final

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

PER_ORIGIN: Final = RateLimitItemPerMinute(10)
ALL_ORIGINS: Final = RateLimitItemPerMinute(100)
_ACTION: Final = "sign-in"
_ALL: Final = "all"
DELAY_SECONDS: Final = 2.0
DELAYED_MAX: Final = 50
"""The most answers that wait at once. Each keeps its connection, and the server has a limited number of them."""


class Attempts:
    """Counts the wrong codes of one process, in memory only. It is thread-safe, except for `delay`."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._delayed = 0

    @property
    def are_many(self) -> bool:
        """Whether all addresses together sent as many wrong codes as the limit."""
        return not self._limiter.test(ALL_ORIGINS, _ACTION, _ALL)

    async def delay(self) -> None:
        """Waits before the answer to a wrong code, if there are many."""
        if self._delayed >= DELAYED_MAX or not self.are_many:
            return
        self._delayed += 1
        try:
            await asyncio.sleep(DELAY_SECONDS)
        finally:
            self._delayed -= 1

    def seconds_to_wait(self, origin: str) -> int:
        """Counts one wrong code. Returns 0, or the seconds until this network may send another one."""
        network = _network_of(origin)
        if not self._limiter.hit(PER_ORIGIN, _ACTION, network):
            # This code does not count against all others.
            reset = self._limiter.get_window_stats(PER_ORIGIN, _ACTION, network).reset_time
            return max(1, math.ceil(reset - time.time()))
        self._limiter.hit(ALL_ORIGINS, _ACTION, _ALL)
        return 0


def _network_of(origin: str) -> str:
    """The network that is counted. For an IPv6 address it is the /64, which belongs to one connection."""
    try:
        address = ip_address(origin)
    except ValueError:
        return origin
    return address.exploded[:19] if isinstance(address, IPv6Address) else origin
