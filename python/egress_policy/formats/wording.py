"""Sentences that several formats share. Verdicts are worded by the policy; here are only witnesses and names."""

from __future__ import annotations

from egress_policy.report import Resource, Witness


def witness(packet: Witness) -> str:
    """The packet that would get out."""
    to = f"[{packet.to}]" if ":" in packet.to else packet.to
    port = "" if packet.port is None else f":{packet.port}"
    return f"a packet from {packet.source} to {to}{port}/{packet.protocol} would get out"


def resource(named: Resource) -> str:
    """Kind, namespace and name, as in `NetworkPolicy shop/app-egress`."""
    return f"{named.kind} {named.namespace}/{named.name}" if named.namespace else f"{named.kind} {named.name}"
