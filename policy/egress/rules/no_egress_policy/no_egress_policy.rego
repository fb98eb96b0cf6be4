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
violation contains said if some said in admission.misconfigured(input)

violation contains said if {
	view := admission.unprotected(input)
	some said in admission.said(findings(view), view)
}

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
