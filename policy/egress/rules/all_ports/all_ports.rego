# METADATA
# title: A rule names destinations but no ports
# description: |
#   The rule reaches selected pods or blocks on at least half of the ports of a protocol, where a service listens on a few.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
# custom:
#   control: egress-restricted
#   severity: medium
#   levels: {baseline: warn, strict: fail}
#   remediation: |
#     Name the ports of the service, with their protocol.
#   match: [NetworkPolicy]
#   parameters: [openPortShare, approvedDestinations, models]
#   requires_inventory: [Namespace]
package egress.rules.all_ports

import data.lib.egress.admission
import data.lib.egress.finding
import data.lib.egress.remediation

# METADATA
# description: What Gatekeeper reports of the reviewed object.
violation contains said if some said in admission.misconfigured(input)

violation contains said if {
	view := admission.policy("verdict", input)
	some said in admission.own(findings(view), view)
}

# METADATA
# description: The findings of a namespace, given its view.
findings(view) := [found |
	some policy in view.policies
	some rule in policy.rules
	rule.verdict == "all-ports"
	message := $"{finding.name(policy)} allows egress to {finding.destinations(rule.allowance)} on all ports"
	found := finding.at("all-ports", policy, view.settings, rule.path, message, {"remediation": remediation.with_https_only(policy, rule)})
]
