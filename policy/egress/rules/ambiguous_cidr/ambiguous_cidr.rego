# METADATA
# title: A CIDR block is read otherwise than it looks
# description: |
#   Leading zeros, bits beyond the prefix length and v4-mapped IPv6 are kept by clusters from before Kubernetes 1.36, and
#   refused since. Programs differ in how they read them.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
# custom:
#   control: egress-restricted
#   severity: medium
#   levels: {baseline: warn, strict: fail}
#   remediation: |
#     Write the block in the form that is named.
#   match: [NetworkPolicy]
#   parameters: []
#   requires_inventory: []
package egress.rules.ambiguous_cidr

import data.lib.egress.admission
import data.lib.egress.cidr
import data.lib.egress.finding
import data.lib.egress.remediation

# METADATA
# description: What Gatekeeper reports of the reviewed object.
violation contains said if {
	view := admission.policy(input)
	some said in admission.own(findings(view), view)
}

# METADATA
# description: The findings of a namespace, given its view.
findings(view) := [found |
	some policy in view.policies
	some ambiguous in policy.ambiguous
	message := $"{finding.name(policy)} writes '{ambiguous.text}', which the API server reads as {cidr.text(ambiguous.block)}"
	found := finding.at("ambiguous-cidr", policy, view.settings, ambiguous.path, message, {"remediation": remediation.with_plain_cidrs(policy)})
]
