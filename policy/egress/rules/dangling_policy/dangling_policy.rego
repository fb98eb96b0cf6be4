# METADATA
# title: A policy isolates nothing
# description: |
#   The policy isolates egress, and its podSelector matches none of the workloads of its namespace. A typing error in a
#   label looks like this.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
# custom:
#   control: egress-restricted
#   severity: medium
#   levels: {baseline: warn, strict: warn}
#   remediation: |
#     Correct the podSelector, or remove the policy.
#   match: [NetworkPolicy]
#   parameters: []
#   requires_inventory: [workload]
package egress.rules.dangling_policy

import data.lib.egress.admission
import data.lib.egress.finding

# METADATA
# description: What Gatekeeper reports of the reviewed object.
violation contains said if {
	view := admission.glance(input)
	some said in admission.own(findings(view), view)
}

# METADATA
# description: The findings of a namespace, given its view.
findings(view) := [found |
	count(view.workloads) > 0
	some policy in view.policies
	policy.isolates
	policy.valid
	policy.selected == []
	message := $"{finding.name(policy)} selects none of the workloads of namespace '{view.namespace}'"
	found := finding.at("dangling-policy", policy, view.settings, "spec.podSelector", message, {})
]
