# METADATA
# title: A rule allows every pod of the cluster on all ports
# description: |
#   The rule's namespaceSelector matches every namespace, its podSelector every pod, on all ports. One taken-over pod
#   reaches every service inside.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
# custom:
#   control: egress-restricted
#   severity: medium
#   levels: {baseline: warn, strict: fail}
#   remediation: |
#     Select the namespaces and pods that are needed, and name the ports.
#   match: [NetworkPolicy]
#   parameters: [openPortShare]
#   requires_inventory: [Namespace]
package egress.rules.all_pods

import data.lib.egress.admission
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
	some rule in policy.rules
	rule.verdict == "all-pods"
	message := $"{finding.name(policy)} allows egress to every pod of every namespace on all ports"
	found := finding.at("all-pods", policy, view.settings, rule.path, message, {"remediation": remediation.with_https_only(policy, rule)})
]
