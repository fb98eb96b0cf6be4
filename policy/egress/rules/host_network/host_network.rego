# METADATA
# title: A workload is outside every policy
# description: |
#   Pods on the host's network are not governed by NetworkPolicies.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
# custom:
#   control: egress-restricted
#   severity: medium
#   levels: {baseline: warn, strict: fail}
#   remediation: |
#     Remove hostNetwork, or restrict the nodes' egress with a firewall.
#   match: [workload]
#   parameters: []
#   requires_inventory: []
package egress.rules.host_network

import data.lib.egress.admission
import data.lib.egress.finding

# METADATA
# description: What Gatekeeper reports of the reviewed object.
violation contains said if {
	view := admission.workload_alone(input)
	some said in admission.own(findings(view), view)
}

# METADATA
# description: The findings of a namespace, given its view.
findings(view) := [found |
	some workload in view.workloads
	some template in workload.templates
	template.host_network
	message := $"{finding.name(workload)} runs on the host's network, which no NetworkPolicy governs"
	found := finding.at("host-network", workload, view.settings, $"{template.path}spec.hostNetwork", message, {})
]
