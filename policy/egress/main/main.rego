# METADATA
# title: The audit
# description: |
#   What every engine asks: `namespaces` judges namespaces one by one, `report` adds them up, `parameters` says what is wrong with the
#   settings in data.egress.parameters. The shapes are those of docs/architecture.md.
package egress.main

import data.egress.controls.egress_restricted
import data.egress.model.allow_database
import data.egress.model.allow_dns
import data.egress.model.allow_https
import data.egress.model.allow_internal_services
import data.egress.model.allow_kube_api
import data.egress.model.default_deny_egress
import data.egress.model.outside_model
import data.egress.rules.all_pods
import data.egress.rules.all_ports
import data.egress.rules.ambiguous_cidr
import data.egress.rules.any_destination
import data.egress.rules.assumed_namespace
import data.egress.rules.broad_destination
import data.egress.rules.broad_destination_combined
import data.egress.rules.dangling_policy
import data.egress.rules.duplicate_key
import data.egress.rules.duplicate_resource
import data.egress.rules.expired_destination
import data.egress.rules.host_network
import data.egress.rules.invalid_resource
import data.egress.rules.metadata_endpoint
import data.egress.rules.no_egress_policy
import data.egress.rules.not_evaluated
import data.egress.rules.open_egress
import data.egress.rules.open_egress_combined
import data.egress.rules.unapproved_destination
import data.egress.rules.uncovered_workload
import data.lib.egress.inventory
import data.lib.egress.layers
import data.lib.egress.parameters as parameters_of
import data.lib.egress.translation
import data.lib.egress.waiver

_given := data.egress.parameters

default _parameters := {}

_parameters := _given if _given != null

# METADATA
# description: What is wrong with the parameters, and which differ from the defaults.
parameters := {"problems": parameters_of.problems(_parameters), "differing": parameters_of.differing(_parameters)}

# METADATA
# description: What the rules are to know of the parameters.
settings := parameters_of.settings(_parameters)

# METADATA
# description: The judgement of each shard {"namespace", "documents"} of the input, in their order.
namespaces := [found |
	context := object.union(around(object.get(input, "shared", [])), {
		"namespace": input.namespace, "namespaces": input.namespaces, "details": object.get(input, "details", true),
		"firewalls": object.get(input, "firewalls", null),
	})
	some shard in input.shards
	found := namespace(shard, context, settings)
]

# METADATA
# description: |
#   What the context of every shard has of the documents that each is told of, {"references", "cluster": facts of policies}.
around(shared) := {"references": references, "cluster": translation.everywhere(shared, references, settings)} if {
	references := translation.shared(shared)
}

# METADATA
# description: The judgement of one shard.
namespace(shard, context, given) := egress_restricted.namespace(view, waiver.applied(_findings(view), given)) if {
	view := _view(shard, context, given)
}

# METADATA
# description: The findings of one shard and no more.
findings(shard, context, given) := waiver.applied(_findings(_view(shard, context, given)), given)

_view(shard, context, given) := layers.seen(inventory.view(
	shard.namespace, shard.documents,
	object.union(context, {"translated": translation.of(shard.documents, shard.namespace, references, given)}), given,
)) if {
	references := object.get(context, "references", translation.shared([]))
}

# METADATA
# description: The report over the totals of all shards.
report := report_of(input)

# METADATA
# description: The same for what is not the input.
report_of(found) := egress_restricted.report(found, _parameters, settings)

_findings(view) := array.flatten([
	all_pods.findings(view),
	all_ports.findings(view),
	ambiguous_cidr.findings(view),
	any_destination.findings(view),
	assumed_namespace.findings(view),
	broad_destination.findings(view),
	broad_destination_combined.findings(view),
	dangling_policy.findings(view),
	duplicate_key.findings(view),
	duplicate_resource.findings(view),
	expired_destination.findings(view),
	host_network.findings(view),
	invalid_resource.findings(view),
	metadata_endpoint.findings(view),
	no_egress_policy.findings(view),
	not_evaluated.findings(view),
	open_egress.findings(view),
	open_egress_combined.findings(view),
	unapproved_destination.findings(view),
	uncovered_workload.findings(view),
	_model_findings(view),
])

# Only where somebody asks for the layers.
_model_findings(view) := [] if {
	view.layers == null
} else := array.flatten([
	default_deny_egress.findings(view),
	allow_dns.findings(view),
	allow_https.findings(view),
	allow_database.findings(view),
	allow_internal_services.findings(view),
	allow_kube_api.findings(view),
	outside_model.findings(view),
])
