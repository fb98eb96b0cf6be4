"""OPA beside an application, with the policy from signed bundles: its configuration, and what is unsafe in one."""

from egress_policy.errors import EgressPolicyError

# Older ones can be made to skip signatures (GHSA-g2pf-6v5v-qcc8), or judge otherwise than the policy was tested with.
LEAST_OPA = (1, 22, 2)


class SidecarError(EgressPolicyError):
    """What a sidecar cannot be configured with, or a configuration that cannot be read."""

    exit_code = 2
