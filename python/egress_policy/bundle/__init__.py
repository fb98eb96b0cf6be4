"""Bundles: the policy as OPA takes it from somewhere else, built the same everywhere, signed, and verified."""

from egress_policy.errors import EgressPolicyError


class BundleError(EgressPolicyError):
    """A definition, a bundle or a key that cannot be used; a line for each problem."""

    exit_code = 2
