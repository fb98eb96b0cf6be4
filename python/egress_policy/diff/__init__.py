"""What became reachable between two sides: files and folders, or revisions of a git repository."""

from egress_policy.diff.changes import Difference
from egress_policy.diff.comparing import Request, compare

__all__ = ["Difference", "Request", "compare"]
