"""Sentences that several formats share. Verdicts are worded by the policy; here are witnesses, waivers and names."""

from __future__ import annotations

from egress_policy.report import Resource, Waived, Waiver, Witness


def witness(packet: Witness) -> str:
    """The packet that would get out."""
    to = f"[{packet.to}]" if ":" in packet.to else packet.to
    port = "" if packet.port is None else f":{packet.port}"
    return f"a packet from {packet.source} to {to}{port}/{packet.protocol} would get out"


def resource(named: Resource) -> str:
    """Kind, namespace and name, as in `NetworkPolicy shop/app-egress`."""
    return f"{named.kind} {named.namespace}/{named.name}" if named.namespace else f"{named.kind} {named.name}"


def waived(granted: Waived) -> str:
    """Who waived a finding. Reasons are written over several lines, which are one here."""
    owner, reason = (" ".join(text.split()) for text in (granted.owner, granted.reason))
    return f"waived by {owner} until {granted.expires}: {reason}"


def waiver(one: Waiver) -> str:
    """What a waiver is for, as in `open-egress: NetworkPolicy shop/app-egress spec.egress[0]`."""
    return f"{one.rule}: {resource(one.resource)} {one.path}".rstrip()
