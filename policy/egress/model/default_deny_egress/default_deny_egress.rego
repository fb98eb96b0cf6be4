# METADATA
# title: Nothing denies egress by default
# description: |
#   The namespace has no policy that selects every pod and allows nothing, so that a pod of which no other policy speaks may go anywhere; or the one that is
#   called default-deny-egress selects fewer, or allows something.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
#   - ref: https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_1/home?element=SC-7
#     description: NIST 800-53 SC-7, boundary protection
#   - ref: https://www.cisecurity.org/benchmark/kubernetes
#     description: CIS Kubernetes 5.3.2
# custom:
#   control: egress-model
#   severity: medium
#   levels: {baseline: fail, strict: fail}
#   remediation: |
#     Apply a policy with an empty podSelector, policyTypes [Egress] and no egress rules. `egress generate` writes it.
#   match: [workload, NetworkPolicy]
#   parameters: [models, approvedDestinations, internalBlocks, systemNamespaces]
#   requires_inventory: [NetworkPolicy, workload, Namespace]
#   asks_for: [models]
package egress.model.default_deny_egress

import data.lib.egress.admission
import data.lib.egress.finding
import data.lib.egress.remediation

# METADATA
# description: What Gatekeeper reports of the reviewed object.
violation contains said if some said in admission.misconfigured(input)

violation contains said if {
	view := admission.layered(input)
	some said in admission.own(findings(view), view)
}

# METADATA
# description: The findings of a namespace, given its view.
findings(view) := array.concat(
	[finding.at("default-deny-egress", breach.policy, view.settings, breach.path, message, {}) |
		some breach in view.layers.breaches
		breach.layer == "default-deny-egress"
		message := $"{finding.name(breach.policy)} {_wrong[breach.about]}"
	],
	[finding.at("default-deny-egress", view.layers.bearer, view.settings, "", message, {"remediation": remediation.default_deny(view)}) |
		some gap in view.layers.missing
		gap.layer == "default-deny-egress"
		message := $"Namespace '{view.namespace}' has no policy that denies all egress of every pod"
	],
)

_wrong := {"allows": "allows egress, though it is the one that denies by default", "selects": "selects some pods only, though it is the one that denies by default"}
