# METADATA
# title: A namespace has no egress policy
# description: |
#   Nothing isolates the egress of any workload of the namespace: all of them may reach every address.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
#   - ref: https://www.cisecurity.org/benchmark/kubernetes
# custom:
#   control: egress-restricted
#   severity: medium
#   levels: {baseline: fail, strict: fail}
#   remediation: |
#     Apply a policy that denies egress by default, then one for each destination that is needed.
#   match: ["*"]
#   parameters: [systemNamespaces]
#   requires_inventory: true
package egress.rules.no_egress_policy

import data.lib.egress.admission
import data.lib.egress.finding
import data.lib.egress.remediation
import data.lib.egress.witness

# METADATA
# description: What Gatekeeper reports of the reviewed object.
violation contains said if some said in admission.violations(findings(admission.view(input, _inventory)))

# A review that takes away the last policy that isolated a workload.
violation contains admission.violation(found) if {
	some found in findings(admission.view(input, _inventory))
	count(admission.exposed(input, _inventory)) > 0
}

# Empty where nothing is synced.
_inventory := {scope: objects | objects := data.inventory[scope]}

# METADATA
# description: The findings of a namespace, given its view.
findings(view) := [found |
	not view.system
	count(view.governed) > 0
	count([1 | some workload in view.governed; _partly(workload)]) == 0
	[_, _, i] := min({[workload.resource.kind, workload.resource.name, i] | some i, workload in view.governed})
	message := $"Nothing isolates egress in namespace '{view.namespace}'. All outbound traffic of its workloads is allowed"
	more := {"witness": witness.unrestricted(view.governed[i], view.settings), "remediation": remediation.default_deny(view)}
	found := finding.at("no-egress-policy", view.governed[i], view.settings, "", message, more)
]

_partly(workload) if workload.covered
