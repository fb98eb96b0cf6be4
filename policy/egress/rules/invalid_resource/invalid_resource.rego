# METADATA
# title: A policy is one that the API server refuses
# description: |
#   The API server would refuse the object, or read it otherwise than it is written, so that it protects nobody.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
# custom:
#   control: egress-restricted
#   severity: medium
#   levels: {baseline: fail, strict: fail}
#   remediation: |
#     Mend the field that is named. kubectl apply --dry-run=server shows the API server's own words.
#   match: [NetworkPolicy, workload]
#   parameters: []
#   requires_inventory: []
package egress.rules.invalid_resource

import data.lib.egress.admission
import data.lib.egress.finding

# METADATA
# description: What Gatekeeper reports of the reviewed object.
violation contains said if {
	view := admission.problems(input)
	some said in admission.own(findings(view), view)
}

# METADATA
# description: The findings of a namespace, given its view.
findings(view) := [found |
	some subject in array.concat(view.policies, view.workloads)
	some problem in subject.problems
	message := $"{finding.name(subject)} is invalid: {problem.path} {problem.message}"
	found := finding.at("invalid-resource", subject, view.settings, problem.path, message, {})
]
