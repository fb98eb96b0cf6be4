# METADATA
# title: The gateway
# description: |
#   May this one connection leave? `decision` answers from the same models that make the NetworkPolicies: an egress gateway asks it, or Envoy's external authorization.
#   It is {"allowed": bool, "reason": text}, with the "destination" that is approved, and for Envoy "http_status", "body" and "headers" of a refusal. What is unclear is
#   refused. `index` is what a bundle of data holds as data.egress.approved: looking into it takes the same time whatever it holds.
# related_resources:
#   - ref: https://www.openpolicyagent.org/docs/envoy-primer
#   - ref: https://www.envoyproxy.io/docs/envoy/latest/api-v3/service/auth/v3/attribute_context.proto
package egress.gateway

import data.egress.gateway.connection
import data.lib.egress.cidr
import data.lib.egress.model
import data.lib.egress.parameters

# METADATA
# description: |
#   {"form": 1, "namespaces": {namespace: {"known": true, "hosts": {host: {id: entry}}, "blocks": {block: {id: entry}}, "lengths": {"4": [prefix length], "6": […]}}}}, an entry being
#   {"id", "layer", "name", "from": labels, "named": whether it has hosts, "ports", "expires": date or null}. Of destinations that are pods alone a gateway knows only their hosts.
index := _index

# OPA compiles whatever depends on an entrypoint as one, which functions cannot be: they look here.
_index := {"form": 1, "namespaces": _namespaces}

_namespaces := {namespace: _of_namespace(destinations) |
	some declared in _models
	some namespace in declared.namespaces
	destinations := [destination | some destination in declared.destinations; count(destination.hosts) + count(destination.claims) > 0]
}

_given := data.egress.parameters

default _parameters := {}

_parameters := _given if is_object(_given)

_problems := parameters.problems(_parameters)

default _models := []

_models := [model.of(document, parameters.today(_parameters)) | some document in _parameters.models] if {
	_problems == []
	_parameters.models != null
}

# Each destination is looked at once: by `{host: [entry | …]}` it would be once for every host.
_of_namespace(destinations) := {
	"known": true,
	"hosts": _joined([{host: {entry.id: entry}} |
		some destination in destinations
		entry := _entry(destination)
		some host in destination.hosts
	]),
	"blocks": _joined([{cidr.text(claim): {entry.id: entry}} |
		some destination in destinations
		entry := _entry(destination)
		some claim in destination.claims
	]),
	"lengths": {name: sort([length | some length in lengths]) |
		some name, family in {"4": 4, "6": 6}
		lengths := {claim.length | some destination in destinations; some claim in destination.claims; claim.family == family}
	},
}

# In wasm, the union of nothing is undefined.
_joined(objects) := object.union_n(array.concat([{}], objects))

_entry(destination) := {
	"id": $"{destination.layer}/{destination.name}", "layer": destination.layer, "name": destination.name, "from": destination.from,
	"named": count(destination.hosts) > 0, "ports": destination.ports, "expires": destination.expires,
}

# METADATA
# description: The answer to the input.
decision := decision_of(_question)

default _question := null

_question := input

# METADATA
# description: The answer to what is not the input.
decision_of(question) := _allowed(found.entry) if {
	found := _found(connection.read(question))
	found.entry
} else := _refused(_found(connection.read(question)).reason)

_allowed(entry) := {"allowed": true, "destination": entry.name, "layer": entry.layer, "reason": $"approved as '{entry.name}'"}

_refused(reason) := {
	"allowed": false, "reason": reason,
	"http_status": 403, "body": $"egress refused: {reason}\n", "headers": {"content-type": "text/plain"},
}

# The entry that approves of a connection, or the reason why none does.
_found(given) := {"reason": given.problems[0]} if {
	count(given.problems) > 0
} else := {"reason": "what is approved is not known: the sidecar's parameters are wrong"} if {
	not _built
	_problems != []
} else := {"reason": $"no model is for namespace '{given.namespace}'"} if {
	not _is_known(given.namespace)
} else := _among(given, _there(given))

# Each of these looks for one thing in the data: to look at all of it would take the longer the more is approved.
_built if data.egress.approved.form == 1

_is_known(namespace) if data.egress.approved.namespaces[namespace].known

_is_known(namespace) if {
	not _built
	_index.namespaces[namespace].known
}

_entries(namespace, kind, key) := data.egress.approved.namespaces[namespace][kind][key] if {
	_built
} else := _index.namespaces[namespace][kind][key] if {
	not _built
} else := []

_among(given, there) := {"entry": entry} if {
	[_, entry] := min([[entry.id, entry] | some entry in there; _why_not(entry, given) == null])
} else := {"reason": $"{_place(given)} is approved {_nearest(there, given)}"} if {
	count(there) > 0
} else := {"reason": $"{_place(given)} is not approved for namespace '{given.namespace}'"}

_place(given) := $"{given.host} at {given.address}" if {
	given.host != null
	given.address != null
} else := given.host if {
	given.host != null
} else := given.address

# By the host alone, where the gateway itself looks up the address; else the address decides, and a host that is said may only narrow it.
_there(given) := _entries(given.namespace, "hosts", given.host) if {
	given.address == null
} else := [entry |
	some length in _entries(given.namespace, "lengths", given.block.name)
	block := cidr.block(given.block.family, length, given.block.low)
	some entry in _entries(given.namespace, "blocks", cidr.text(block))
	_host_fits(entry, given)
]

_host_fits(_, given) if given.host == null

_host_fits(entry, _) if not entry.named

_host_fits(entry, given) if {
	some other in _entries(given.namespace, "hosts", given.host)
	other.id == entry.id
}

# Of several the first by its name: every engine says the same.
_nearest(there, given) := why if {
	[_, why] := min([[entry.id, _why_not(entry, given)] | some entry in there])
}

# What keeps a destination from being approved for a connection; null if nothing does.
_why_not(entry, given) := $"on {concat(", ", [_port(port) | some port in entry.ports])} only" if {
	not _on(entry, given)
} else := $"for pods with {_labels(entry.from)} only, and the labels of these are not known" if {
	given.labels == null
	entry.from != {}
} else := $"for pods with {_labels(entry.from)} only" if {
	some key, value in entry.from
	object.get(given.labels, key, null) != value
} else := $"as '{entry.name}' until {entry.expires} only" if {
	entry.expires != null
	entry.expires < parameters.today(_parameters)
} else := null

_on(entry, given) if {
	some port in entry.ports
	port.protocol == given.protocol
	port.low <= given.port
	given.port <= port.high
}

_port(port) := $"{port.protocol} {port.low}" if {
	port.low == port.high
} else := $"{port.protocol} {port.low}-{port.high}"

_labels(from) := concat(" and ", sort([$"{key}={value}" | some key, value in from]))
