# METADATA
# title: The six-policy model
# description: |
#   `kind: EgressModel`, the document in which a team declares once where the pods of some namespaces may go: what is wrong with one, and its
#   destinations. A *destination* is {"layer", "name", "from": labels of the pods that may reach it, "namespace" (null for the pods' own) and
#   "labels" of the pods that are reached, or null, "hosts" by their names, "claims" (see `allowance`), "cidrs" as written, "ports": port set, "expires": date or null, "expired": bool}.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
package lib.egress.model

import data.lib.egress.allowance
import data.lib.egress.cidr
import data.lib.egress.fields
import data.lib.egress.path as path_of
import data.lib.egress.selector

# METADATA
# description: The names of the layers, which are those of their policies, in the order in which they are applied.
layers := ["default-deny-egress", "allow-dns", "allow-https", "allow-database", "allow-internal-services", "allow-kube-api"]

# METADATA
# description: The labels of the policies that are made from a model, where it does not say otherwise.
labels := {
	"app.kubernetes.io/name": "k8s-security",
	"app.kubernetes.io/part-of": "k8s-security-pro",
	"app.kubernetes.io/managed-by": "k8s-security-pro",
}

# METADATA
# description: The TCP ports of the database engines that are known by name.
engines := {"postgresql": 5432, "mysql": 3306, "redis": 6379}

# METADATA
# description: |
#   Where a cluster's DNS listens, by the name that a model may give it. CoreDNS keeps the label of kube-dns; OpenShift's pods listen on 5353, and policies see that
#   port; a node-local cache is an address of the node, from which kube-dns is asked as well.
presets := {
	"kube-dns": {"namespace": "kube-system", "labels": {"k8s-app": "kube-dns"}, "cidrs": [], "ports": [53]},
	"node-local": {"namespace": "kube-system", "labels": {"k8s-app": "kube-dns"}, "cidrs": ["169.254.20.10/32"], "ports": [53]},
	"openshift": {
		"namespace": "openshift-dns", "labels": {"dns.operator.openshift.io/daemonset-dns": "default"},
		"cidrs": [], "ports": [5353],
	},
}

# METADATA
# description: The ports of the Kubernetes API, at its service's address and at its endpoints.
api_ports := {"service": 443, "endpoints": 6443}

# METADATA
# description: The label that the API server gives every namespace.
name_label := "kubernetes.io/metadata.name"

# METADATA
# description: |
#   What a model without problems says, on some day: {"name", "namespaces", "destinations": [destination]}.
of(document, today) := {"name": document.metadata.name, "namespaces": spec.namespaces, "destinations": array.flatten([
	[_dns(_dns_of(spec))],
	[_https(entry, today) | some entry in fields.items(spec, "https")],
	[_database(entry) | some entry in fields.items(spec, "databases")],
	[_service(entry) | some entry in fields.items(spec, "services")],
	_kube_api(_given(spec, "kubeAPI", {})),
])} if {
	spec := document.spec
}

# METADATA
# description: The model of a namespace that nobody has declared, in which the cluster's DNS may be any that is known.
undeclared := {"name": "", "namespaces": [], "destinations": [_dns(presets[name]) | some name in ["kube-dns", "node-local", "openshift"]]}

_given(thing, field, otherwise) := thing[field] if {
	thing[field] != null
} else := otherwise

_dns_of(spec) := dns if {
	dns := _given(spec, "dns", {})
	not _has(dns, "preset")
	some field in ["labels", "cidrs"]
	_has(dns, field)
} else := presets[_given(_given(spec, "dns", {}), "preset", "kube-dns")]

_has(thing, field) if object.get(thing, field, null) != null

_destination(layer, entry) := {
	"layer": layer, "name": entry.name, "from": _given(entry, "from", {}),
	"namespace": object.get(entry, "namespace", null), "labels": _labels_of(entry),
	"hosts": fields.items(entry, "hosts"), "cidrs": fields.items(entry, "cidrs"),
	"claims": [claim |
		some text in fields.items(entry, "cidrs")
		claim := allowance.claim(all_addresses, cidr.parse(text), [], {"cidr": text, "path": ""})
	],
	"ports": [], "expires": null, "expired": false,
}

# METADATA
# description: The space in which blocks of models are compared by all their addresses, whatever is public.
all_addresses := {4: null, 6: null}

# Empty labels select nothing here: that would be every pod.
_labels_of(entry) := entry.labels if {
	count(entry.labels) > 0
} else := null

_dns(dns) := object.union(_destination("allow-dns", object.union(dns, {"name": "dns"})), {"ports": [port |
	some number in _numbers(dns, 53)
	some protocol in ["UDP", "TCP"]
	port := {"protocol": protocol, "low": number, "high": number}
]})

_numbers(thing, _) := thing.ports if count(thing.ports) > 0

_numbers(thing, otherwise) := [otherwise] if not _numbered(thing)

_numbered(thing) if count(thing.ports) > 0

_https(entry, today) := object.union(_destination("allow-https", entry), {
	"ports": [_port(port) | some port in _numbers(entry, 443)],
	"expires": object.get(entry, "expires", null),
	"expired": _expired(object.get(entry, "expires", null), today),
})

_expired(null, _) := false

_expired(date, today) := date < today if date != null

_database(entry) := object.union(_destination("allow-database", entry), {"ports": [_port(database_port(entry))]})

# METADATA
# description: The port of a database of a model, which goes before that of its engine.
database_port(entry) := _given(entry, "port", engines[_given(entry, "engine", "postgresql")])

_service(entry) := object.union(_destination("allow-internal-services", entry), {"ports": [_port(port) | some port in entry.ports]})

_kube_api(api) := [object.union(_destination("allow-kube-api", {"name": name, "cidrs": cidrs, "from": api.from}), {"ports": [_port(api_ports[name])]}) |
	some name in ["service", "endpoints"]
	cidrs := fields.items(api, name)
	count(cidrs) > 0
]

_port(port) := {"protocol": "TCP", "low": port, "high": port} if {
	is_number(port)
} else := {"protocol": _given(port, "protocol", "TCP"), "low": port.port, "high": _given(port, "endPort", port.port)}

# METADATA
# description: What is wrong with a document that is to be a model, each {"path", "message"}, its paths below another.
problems(document, base) := [{"path": base, "message": "must be an EgressModel"}] if {
	not is_object(document)
} else := array.flatten([
	_unknown(document, {"apiVersion", "kind", "metadata", "spec"}, base),
	[{"path": _below(base, "apiVersion"), "message": "must be egress-policy.dev/v1"} | object.get(document, "apiVersion", null) != "egress-policy.dev/v1"],
	[{"path": _below(base, "kind"), "message": "must be EgressModel"} | object.get(document, "kind", null) != "EgressModel"],
	_metadata_problems(object.get(document, "metadata", null), _below(base, "metadata")),
	_spec_problems(object.get(document, "spec", null), _below(base, "spec")),
])

_below("", field) := field

_below(base, field) := path_of.field(base, field) if base != ""

_unknown(thing, known, base) := [{"path": _below(base, field), "message": "is an unknown field"} | some field, _ in thing; not field in known]

_metadata_problems(metadata, base) := [{"path": base, "message": "must be an object with a name"}] if {
	not is_object(metadata)
} else := array.concat(_unknown(metadata, {"name", "annotations", "labels"}, base), _name_problems(metadata, base))

# It becomes a part of the names of policies.
_name_problems(thing, base) := [{"path": _below(base, "name"), "message": "must be lower-case letters, digits and hyphens, up to 40"} |
	not _is_name(object.get(thing, "name", null))
]

_is_name(name) if {
	is_string(name)
	count(name) <= 40
	regex.match(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`, name)
}

_spec_problems(spec, base) := [{"path": base, "message": "must be an object"}] if {
	not is_object(spec)
} else := array.flatten([
	_unknown(spec, {"namespaces", "labels", "dns", "https", "databases", "services", "kubeAPI"}, base),
	_namespaces_problems(spec, base),
	_label_problems(spec, "labels", base),
	_dns_problems(object.get(spec, "dns", null), _below(base, "dns")),
	_entries_problems(spec, "https", base),
	_entries_problems(spec, "databases", base),
	_entries_problems(spec, "services", base),
	_api_problems(object.get(spec, "kubeAPI", null), _below(base, "kubeAPI")),
])

_namespaces_problems(spec, base) := [{"path": _below(base, "namespaces"), "message": "must list at least one namespace"} |
	not _listed(object.get(spec, "namespaces", null))
] if {
	not _listed(object.get(spec, "namespaces", null))
} else := array.concat(
	[{"path": $"{_below(base, "namespaces")}[{i}]", "message": "must be the name of a namespace"} |
		some i, name in spec.namespaces
		not _is_namespace(name)
	],
	[{"path": $"{_below(base, "namespaces")}[{i}]", "message": "is there twice"} |
		some i, name in spec.namespaces
		name in array.slice(spec.namespaces, 0, i)
	],
)

_listed(value) if {
	is_array(value)
	count(value) > 0
}

_is_namespace(name) if {
	fields.is_text(name)
	selector.valid_namespace(name)
}

# What is no object is told alone, and of an object each pair that is no label.
_label_problems(thing, field, base) := [] if {
	object.get(thing, field, null) == null
} else := [{"path": _below(base, field), "message": "must be an object of labels"}] if {
	not is_object(thing[field])
} else := [{"path": path_of.field(_below(base, field), key), "message": "must be a valid label key and value"} |
	some key, value in thing[field]
	not _is_pair(key, value)
]

_is_pair(key, value) if {
	is_string(value)
	selector.valid_pair(key, value)
}

_needed(thing, field, base, what) := [{"path": _below(base, field), "message": what} | count(object.get(thing, field, {})) == 0] if {
	is_object(object.get(thing, field, {}))
} else := [{"path": _below(base, field), "message": what} | object.get(thing, field, null) == null]

_dns_problems(null, _) := []

_dns_problems(dns, base) := [{"path": base, "message": "must be an object"}] if {
	dns != null
	not is_object(dns)
} else := _preset_problems(dns, base) if {
	_has(dns, "preset")
} else := array.flatten([
	_unknown(dns, {"preset", "namespace", "labels", "cidrs", "ports"}, base),
	_place_problems(dns, base),
	fields.list_problem(dns, "ports", $"{base}."),
	[{"path": $"{base}.ports[{i}]", "message": "must be a number from 1 to 65535"} | some i, port in fields.items(dns, "ports"); not _is_number(port)],
	[{"path": base, "message": "must name a preset, labels of pods or cidrs"} |
		count(dns) > 0
		not _has(dns, "labels")
		not _has(dns, "cidrs")
	],
]) if {
	dns != null
}

_preset_problems(dns, base) := array.concat(
	[{"path": _below(base, field), "message": "must be absent beside a preset"} | some field, _ in dns; field != "preset"],
	[{"path": _below(base, "preset"), "message": concat("", ["must be ", concat(", ", sort(object.keys(presets)))])} | not _is_preset(dns.preset)],
)

_is_preset(name) if presets[name]

_is_number(port) if {
	is_number(port)
	fields.is_port(port)
}

# Where a destination is: pods of a namespace, or blocks.
_place_problems(thing, base) := array.flatten([
	_label_problems(thing, "labels", base),
	fields.block_problems(thing, "cidrs", $"{base}."),
	[{"path": _below(base, "namespace"), "message": "must be the name of a namespace"} |
		namespace := object.get(thing, "namespace", null)
		namespace != null
		not _is_namespace(namespace)
	],
	[{"path": _below(base, "namespace"), "message": "needs the labels of the pods there"} |
		_has(thing, "namespace")
		not _selects(thing)
	],
])

_selects(thing) if count(thing.labels) > 0

_entry_fields := {
	"https": {"name", "hosts", "cidrs", "ports", "from", "owner", "reason", "expires"},
	"databases": {"name", "hosts", "engine", "port", "namespace", "labels", "cidrs", "from", "owner", "reason"},
	"services": {"name", "hosts", "namespace", "labels", "ports", "from", "owner", "reason"},
}

_entries_problems(spec, field, base) := array.concat(
	fields.list_problem(spec, field, $"{base}."),
	[problem |
		some i, entry in fields.items(spec, field)
		some problem in _entry_problems(entry, field, $"{_below(base, field)}[{i}]", array.slice(spec[field], 0, i))
	],
)

_entry_problems(entry, _, base, _) := [{"path": base, "message": "must be an object"}] if not is_object(entry)

_entry_problems(entry, field, base, before) := array.flatten([
	_unknown(entry, _entry_fields[field], base),
	_name_problems(entry, base),
	[{"path": _below(base, "name"), "message": "is the name of another one before"} | some other in before; other.name == entry.name],
	_label_problems(entry, "from", base),
	_host_problems(entry, base),
	[{"path": _below(base, text), "message": "must be a text"} |
		some text in ["owner", "reason"]
		not fields.is_text_or_null(object.get(entry, text, null))
	],
	_problems_of(field, entry, base),
]) if {
	is_object(entry)
}

# Names as a gateway compares them. A wildcard would approve of hosts that nobody has thought of.
_host_problems(entry, base) := array.concat(
	fields.list_problem(entry, "hosts", $"{base}."),
	[{"path": $"{base}.hosts[{i}]", "message": "must be the name of a host in lower case, as api.example.com"} |
		some i, host in fields.items(entry, "hosts")
		not is_host(host)
	],
)

# METADATA
# description: Whether a value is the name of a host, and no address in whatever notation.
is_host(value) if {
	is_string(value)
	count(value) <= 253
	regex.match(`^([a-z0-9_]([-a-z0-9_]{0,61}[a-z0-9_])?\.)*[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`, value)
	not regex.match(`(^|\.)(0x[0-9a-f]*|[0-9]+)$`, value)
}

_problems_of("https", entry, base) := array.flatten([
	_blocks_needed(entry, "cidrs", base),
	fields.block_problems(entry, "cidrs", $"{base}."),
	_port_problems(entry, base),
	[{"path": _below(base, "expires"), "message": "must be a date, as 2026-12-31"} | not fields.is_date_or_null(object.get(entry, "expires", null))],
])

_problems_of("databases", entry, base) := array.flatten([
	[{"path": _below(base, "engine"), "message": concat("", ["must be ", concat(", ", sort(object.keys(engines))), ", or be left out beside a port"])} |
		not _engine_or_port(entry)
	],
	[{"path": _below(base, "port"), "message": "must be a number from 1 to 65535"} |
		port := object.get(entry, "port", null)
		port != null
		not _is_number(port)
	],
	_place_problems(entry, base),
	[{"path": base, "message": "needs labels of the database's pods, or cidrs"} |
		not _selects(entry)
		not _listed(object.get(entry, "cidrs", null))
	],
	_needed(entry, "from", base, "must hold labels: only pods that have them may reach the database"),
])

_problems_of("services", entry, base) := array.flatten([
	[{"path": _below(base, "namespace"), "message": "must be the name of a namespace"} | not _is_namespace(object.get(entry, "namespace", null))],
	_label_problems(entry, "labels", base),
	_needed(entry, "labels", base, "must hold labels of the service's pods"),
	[{"path": _below(base, "ports"), "message": "must list at least one port"} | object.get(entry, "ports", null) in [null, []]],
	_port_problems(entry, base),
])

_engine_or_port(entry) if engines[entry.engine]

_engine_or_port(entry) if {
	object.get(entry, "engine", null) == null
	object.get(entry, "port", null) != null
}

_blocks_needed(thing, field, base) := [{"path": _below(base, field), "message": "must list at least one CIDR block"} |
	object.get(thing, field, null) in [null, []]
]

_port_problems(entry, base) := array.concat(
	fields.list_problem(entry, "ports", $"{base}."),
	[{"path": $"{base}.ports[{i}]", "message": "must be a number from 1 to 65535, or protocol, port and endPort"} |
		some i, port in fields.items(entry, "ports")
		not _is_some_port(port)
	],
)

# All ports of a protocol are no destination.
_is_some_port(port) if _is_number(port)

_is_some_port(port) if {
	fields.is_port(port)
	is_number(port.port)
}

_api_problems(null, _) := []

_api_problems(api, base) := [{"path": base, "message": "must be an object"}] if {
	api != null
	not is_object(api)
} else := array.flatten([
	_unknown(api, {"service", "endpoints", "from"}, base),
	fields.block_problems(api, "service", $"{base}."),
	fields.block_problems(api, "endpoints", $"{base}."),
	[{"path": base, "message": "must list blocks of service, endpoints or both"} |
		not _listed(object.get(api, "service", null))
		not _listed(object.get(api, "endpoints", null))
	],
	_label_problems(api, "from", base),
	_needed(api, "from", base, "must hold labels: only pods that have them may reach the Kubernetes API"),
]) if {
	api != null
}
