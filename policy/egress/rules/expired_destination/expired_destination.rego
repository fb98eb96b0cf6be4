# METADATA
# title: An approved destination has expired
# description: |
#   The rule needs an approved destination whose last day is over. In strict it excuses nothing any more.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
# custom:
#   control: egress-restricted
#   severity: medium
#   levels: {baseline: warn, strict: fail}
#   remediation: |
#     Remove what needs the destination, or have it approved anew with a later date.
#   match: [NetworkPolicy]
#   parameters: [approvedDestinations, models, now]
#   requires_inventory: []
package egress.rules.expired_destination

import data.lib.egress.admission
import data.lib.egress.finding

# METADATA
# description: What Gatekeeper reports of the reviewed object.
violation contains said if some said in admission.misconfigured(input)

violation contains said if {
	view := admission.policy("expired", input)
	some said in admission.own(findings(view), view)
}

# METADATA
# description: The findings of a namespace, given its view.
findings(view) := [found |
	some policy in view.policies
	some rule in policy.rules
	some approval in rule.expired
	message := $"{finding.name(policy)} needs the approved destination '{approval.name}', which expired on {approval.expires}"
	found := finding.at("expired-destination", policy, view.settings, rule.path, message, {"once": [approval.name, rule.index]})
]
