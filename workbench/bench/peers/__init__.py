"""Other systems over the same vectors, side by side with Pagelens. None of them is needed by Pagelens itself."""

from workbench.bench.peers.base import Peer, PeerSpec
from workbench.bench.peers.compare import PEERS, PeerReport, PeerRow, compare

__all__ = ["PEERS", "Peer", "PeerReport", "PeerRow", "PeerSpec", "compare"]
