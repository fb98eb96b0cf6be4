# METADATA
# title: A rule reaches a destination that nobody approved
# description: |
#   A list of approved destinations is given, and the rule reaches a public address or port outside it.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
# custom:
#   control: egress-restricted
#   severity: medium
#   levels: {strict: fail}
#   remediation: |
#     Remove the destination, or have it approved in approvedDestinations with owner, reason and expiry.
#   match: [NetworkPolicy]
#   parameters: [approvedDestinations, models, internalBlocks]
#   requires_inventory: []
package egress.rules.unapproved_destination

import data.lib.egress.admission
import data.lib.egress.finding
import data.lib.egress.remediation

# METADATA
# description: What Gatekeeper reports of the reviewed object.
violation contains said if some said in admission.misconfigured(input)

violation contains said if {
	view := admission.policy("unlisted", input)
	some said in admission.own(findings(view), view)
}

# METADATA
# description: The findings of a namespace, given its view.
findings(view) := [found |
	some policy in view.policies
	some rule in policy.rules
	rule.unlisted
	message := $"{finding.name(policy)} allows egress to {finding.destinations(rule.allowance)}, not all of which is an approved destination"
	found := finding.at("unapproved-destination", policy, view.settings, rule.path, message, {"remediation": remediation.without_rule(policy, rule)})
]
