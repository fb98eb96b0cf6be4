# METADATA
# title: The dialect of OpenShift
# description: |
#   EgressFirewall of OVN-Kubernetes and EgressNetworkPolicy of OpenShift SDN, for all pods of a namespace: the first rule that matches decides, and what matches none
#   is allowed. It narrows what leaves the cluster, and opens nothing that NetworkPolicies deny.
# related_resources:
#   - ref: https://docs.redhat.com/en/documentation/openshift_container_platform/4.20/html/network_apis/egressfirewall-k8s-ovn-org-v1
package lib.egress.dialects.openshift

import data.lib.egress.allowance
import data.lib.egress.domain
import data.lib.egress.fields
import data.lib.egress.statement

kinds := {"k8s.ovn.org": {"EgressFirewall": true}, "network.openshift.io": {"EgressNetworkPolicy": true}}

versions := {"EgressFirewall": {"k8s.ovn.org/v1"}, "EgressNetworkPolicy": {"network.openshift.io/v1"}}

# METADATA
# description: The facts of a firewall, in a list (see `statement.facts`).
policies(document, resource, _, settings) := [statement.facts(document, resource, {
	"applies": [{"of": "namespace", "selector": {"pairs": {"kubernetes.io/metadata.name": resource.namespace}, "requirements": []}}],
	"normal": set(),
	"isolates": false,
	"narrows": true,
	"problems": _problems(document.object, spec),
	"said": [_said(rule, i, settings.space) | some i, rule in fields.items(spec, "egress")],
})] if {
	spec := statement.child(document.object, "spec")
}

_said(rule, i, public) := {
	"path": path,
	"index": i,
	"action": object.get({"Allow": "allow", "Deny": "deny"}, object.get(rule, "type", ""), "none"),
	"tier": allowance.tiers.firewall,
	"order": [i],
	"claims": _claims(to, path, rule, public),
	"selectors": _selectors(to),
	"ports": _ports(rule),
} if {
	path := $"spec.egress[{i}]"
	to := statement.child(rule, "to")
}

# A name is known only when somebody asks for it, and denies nothing for sure.
_claims(to, path, rule, public) := statement.block(to.cidrSelector, [], $"{path}.to.cidrSelector", public) if {
	is_string(to.cidrSelector)
} else := statement.anywhere(to.dnsName, $"{path}.to.dnsName", public) if {
	is_string(to.dnsName)
	rule.type == "Allow"
	domain.any(to.dnsName)
} else := []

_selectors(to) := [{"namespaces": null, "pods": null, "name": name} |
	some name in array.concat([to.dnsName | is_string(to.dnsName); not domain.any(to.dnsName)], ["nodes" | is_object(to.nodeSelector)])
]

_ports(rule) := [port |
	some entry in fields.items(rule, "ports")
	some port in _port(entry)
] if {
	count(fields.items(rule, "ports")) > 0
} else := statement.whole(["TCP", "UDP", "SCTP"])

_port(entry) := statement.port(entry.protocol, entry.port) if {
	is_number(entry.port)
} else := statement.whole([entry.protocol])

_problems(thing, spec) := array.flatten([
	statement.shape_problems(spec, {"egress"}, "spec"),
	[{"path": "metadata.name", "message": "must be default"} | thing.kind == "EgressFirewall"; object.get(statement.child(thing, "metadata"), "name", null) != "default"],
	[{"path": "spec.egress", "message": "must list at least one rule"} | count(fields.items(spec, "egress")) == 0],
	[problem | some i, rule in fields.items(spec, "egress"); some problem in _rule_problems(rule, $"spec.egress[{i}]")],
])

_rule_problems(rule, base) := array.flatten([
	statement.shape_problems(rule, {"type", "to", "ports"}, base),
	[{"path": $"{base}.type", "message": "must be Allow or Deny"} | not object.get(rule, "type", null) in {"Allow", "Deny"}],
	[{"path": $"{base}.to", "message": "must have one of cidrSelector, dnsName and nodeSelector"} |
		count([1 | some field in ["cidrSelector", "dnsName", "nodeSelector"]; object.get(statement.child(rule, "to"), field, null) != null]) != 1
	],
	[problem | text := rule.to.cidrSelector; some problem in statement.block_problem(text, $"{base}.to.cidrSelector")],
	[problem |
		some j, entry in fields.items(rule, "ports")
		some problem in statement.port_problem(object.get(entry, "port", null), $"{base}.ports[{j}].port")
	],
	[{"path": $"{base}.ports[{j}].protocol", "message": "must be TCP, UDP or SCTP"} |
		some j, entry in fields.items(rule, "ports")
		not object.get(entry, "protocol", null) in {"TCP", "UDP", "SCTP"}
	],
])
