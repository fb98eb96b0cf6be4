"""The reader of a live cluster: lists, page by page, to the same documents that the reader of files gives.

`connect` finds the cluster, `read` yields a Reading for each list. Nothing raises for what a list holds or for a list
that cannot be had: that is a ReadError. A cluster that does not answer, or not to us, is a ClusterError.
"""

from __future__ import annotations

from egress_policy.cluster.listing import read
from egress_policy.cluster.server import Access, ClusterError, ConfigurationError, Server, connect

__all__ = ["Access", "ClusterError", "ConfigurationError", "Server", "connect", "read"]
