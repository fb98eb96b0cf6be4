# METADATA
# title: A workload has no egress policy
# description: |
#   No policy isolates the egress of the workload, though others in its namespace are isolated. At admission, a change or a
#   DELETE that would leave a workload so is reported as well.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
# custom:
#   control: egress-restricted
#   severity: medium
#   levels: {baseline: fail, strict: fail}
#   remediation: |
#     Select the workload with a policy, best with one that denies egress of every pod by default.
#   match: [workload, NetworkPolicy]
#   parameters: [systemNamespaces]
#   requires_inventory: [NetworkPolicy, workload, Namespace]
package egress.rules.uncovered_workload

import data.lib.egress.admission
import data.lib.egress.finding
import data.lib.egress.remediation
import data.lib.egress.witness

# METADATA
# description: What Gatekeeper reports of the reviewed object.
violation contains said if {
	not admission.reviews_policy(input)
	view := admission.view(input)
	left := [workload | some workload in view.governed; workload.order == view.reviewed; not workload.covered]
	count(left) > 0
	some said in admission.said(_left_out(left, view, admission.isolates_some(input)), view)
}

# A policy that takes away what isolated workloads.
violation contains said if {
	exposed := admission.exposed(input)
	count(exposed) > 0
	view := admission.view(input)
	left := [workload | some workload in view.governed; workload.resource in exposed]
	some said in admission.said(_left_out(left, view, admission.isolates_some(input)), view)
}

# METADATA
# description: The findings of a namespace, given its view.
findings(view) := _left_out(
	[workload | some workload in view.governed; workload.covered == false], view,
	count([1 | some workload in view.governed; workload.covered]) > 0,
)

_left_out(workloads, view, others_isolated) := [found |
	not view.system
	others_isolated
	some workload in workloads
	message := $"{finding.name(workload)} is selected by no policy that isolates egress. All its outbound traffic is allowed"
	more := {"witness": witness.unrestricted(workload, view.settings), "remediation": remediation.default_deny(view)}
	found := finding.at("uncovered-workload", workload, view.settings, "", message, more)
]
