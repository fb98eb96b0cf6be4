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
#   match: [workload, NetworkPolicy]
#   parameters: [systemNamespaces]
#   requires_inventory: [NetworkPolicy, workload, Namespace]
package egress.rules.no_egress_policy

import data.lib.egress.admission
import data.lib.egress.finding
import data.lib.egress.remediation
import data.lib.egress.witness

# METADATA
# description: What Gatekeeper reports of the reviewed object.
violation contains said if {
	not admission.reviews_policy(input)
	view := admission.view(input)
	some workload in view.governed
	workload.order == view.reviewed
	not workload.covered
	not admission.isolates_some(input)
	some said in admission.said(_said_of(workload, view), view)
}

# A policy that takes away all that isolated workloads.
violation contains said if {
	count(admission.exposed(input)) > 0
	not admission.isolates_some(input)
	view := admission.whole(input)
	some said in admission.said(findings(view), view)
}

# A change is refused on whatever workload it is; what is there already is said once, on the first workload.
_said_of(workload, view) := _on(workload, view) if {
	admission.changes(input)
} else := [found |
	not admission.preceded(input, workload)
	some found in findings(admission.whole(input))
	found.resource == workload.resource
]

# METADATA
# description: The findings of a namespace, given its view.
findings(view) := [found |
	count(view.governed) > 0
	count([1 | some workload in view.governed; _partly(workload)]) == 0
	[_, _, i] := min({[workload.resource.kind, workload.resource.name, i] | some i, workload in view.governed})
	some found in _on(view.governed[i], view)
]

_partly(workload) if workload.covered

_on(workload, view) := [found |
	not view.system
	message := $"Nothing isolates egress in namespace '{view.namespace}'. All outbound traffic of its workloads is allowed"
	more := {"witness": witness.unrestricted(workload, view.settings), "remediation": remediation.default_deny(view)}
	found := finding.at("no-egress-policy", workload, view.settings, "", message, more)
]
