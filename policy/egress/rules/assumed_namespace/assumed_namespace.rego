# METADATA
# title: Objects without a namespace are taken for neighbours
# description: |
#   Policies and workloads of more than one folder name no namespace, and were taken for one. If they are applied to
#   different namespaces, a policy of one protects nobody in the other.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
# custom:
#   control: egress-restricted
#   severity: medium
#   levels: {baseline: warn, strict: fail}
#   remediation: |
#     Write metadata.namespace, or audit each folder for itself with --namespace.
#   match: [NetworkPolicy, workload]
#   parameters: []
#   requires_inventory: []
#   not_in_cluster: in a cluster everything has its namespace
package egress.rules.assumed_namespace

import data.lib.egress.finding

# METADATA
# description: The findings of a namespace, given its view.
findings(view) := [found |
	view.context.namespace == ""
	view.namespace != "" # what is cluster-wide is taken for nobody's neighbour
	subjects := [[subject.order, _folder(view, subject), subject] |
		some subject in array.concat(view.policies, view.workloads)
		object.get(subject.object, ["metadata", "namespace"], null) in [null, ""]
	]
	first := min({subject[0] | some subject in subjects})
	home := [subject[1] | some subject in subjects; subject[0] == first][0]
	elsewhere := {subject[0] | some subject in subjects; subject[1] != home}
	some [order, _, subject] in subjects
	order == min(elsewhere)
	message := $"{finding.name(subject)} and others in '{home}' name no namespace, and were taken for neighbours in '{view.namespace}'"
	found := finding.at("assumed-namespace", subject, view.settings, "", message, {})
]

_folder(view, subject) := folder if {
	some document in view.documents
	document.source.order == subject.order
	folder := document.source.folder
}
