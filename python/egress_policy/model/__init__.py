"""`kind: EgressModel`: where the pods of some namespaces may go, declared once, and the six policies that say so.

`read` reads a file of models, which the policy has accepted then; `policies` makes the NetworkPolicies of one.
"""

from egress_policy.model.policies import entries_of, layer_of, policies
from egress_policy.model.reading import Model, ModelError, documents, read

__all__ = ["Model", "ModelError", "documents", "entries_of", "layer_of", "policies", "read"]
