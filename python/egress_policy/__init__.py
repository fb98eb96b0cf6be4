"""Audit what Kubernetes workloads may reach outside the cluster."""

__version__ = "0.1.0"
