"""Other systems over the same vectors, side by side with Pagelens. None of them is needed by Pagelens itself."""

from benchmarks.peers.base import Peer, PeerSpec
from benchmarks.peers.compare import PEERS, PeerReport, PeerRow, compare

__all__ = ["PEERS", "Peer", "PeerReport", "PeerRow", "PeerSpec", "compare"]
