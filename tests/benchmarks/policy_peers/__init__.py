"""Other engines that judge the same cases by the same policy; how far behind they are counts only if they agree."""

from tests.benchmarks.policy_peers.cql_peer import cql, cql_as_translated
from tests.benchmarks.policy_peers.peer import Peer, PeerAbsent
from tests.benchmarks.policy_peers.zen_peer import zen, zen_by_tables

__all__ = ["Peer", "PeerAbsent", "cql", "cql_as_translated", "zen", "zen_by_tables"]
