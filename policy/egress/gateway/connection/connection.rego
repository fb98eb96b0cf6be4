# METADATA
# title: A connection
# description: |
#   What a gateway is asked about, in the words of either asker: {"problems": [text], "namespace", "labels": object or null where they are not known, "host" or null, "address" or
#   null, "block": {"family", "name", "low"} of the address, "port", "protocol"}. Only what the client cannot write tells who it is: its certificate, or the gateway's own
#   configuration, and never a header.
# related_resources:
#   - ref: https://www.envoyproxy.io/docs/envoy/latest/api-v3/service/auth/v3/attribute_context.proto
#   - ref: https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md
package egress.gateway.connection

import data.lib.egress.cidr
import data.lib.egress.fields
import data.lib.egress.model
import data.lib.egress.selector

# METADATA
# description: |
#   The connection of a question: {"source": {"namespace", "labels"}, "destination": {"host", "address", "port", "protocol"}}, or Envoy's.
read(question) := _unreadable("the question is no object") if {
	not is_object(question)
} else := _checked(_of_envoy(question.attributes)) if {
	is_object(object.get(question, "attributes", null))
} else := _checked(_of_rest(question)) if {
	is_object(object.get(question, "source", null))
	is_object(object.get(question, "destination", null))
} else := _unreadable("the question has neither source and destination nor Envoy's attributes")

_unreadable(problem) := {"problems": [problem]}

_of_rest(question) := {
	"problems": [], "namespace": object.get(question.source, "namespace", null), "labels": object.get(question.source, "labels", null),
	"host": object.get(question.destination, "host", null), "address": object.get(question.destination, "address", null),
	"port": object.get(question.destination, "port", null), "protocol": _given(object.get(question.destination, "protocol", null), "TCP"),
}

_given(null, otherwise) := otherwise

_given(value, _) := value if value != null

# Envoy: who, by the certificate or by what the gateway's configuration says of the listener; where, by the address that is dialled.

_of_envoy(attributes) := object.union(_envoy_destination(attributes, extensions), {
	"problems": _disagreement(principal, said), "labels": _envoy_labels(extensions),
	"namespace": _given(principal, said),
}) if {
	extensions := _object(attributes, "contextExtensions")
	principal := _principal(object.get(_object(attributes, "source"), "principal", null))
	said := object.get(extensions, "namespace", null)
}

_object(thing, field) := thing[field] if {
	is_object(thing[field])
} else := {}

_disagreement(principal, said) := ["the client's certificate and the gateway's configuration name two namespaces"] if {
	principal != null
	said != null
	principal != said
} else := []

_principal(text) := found[0][1] if {
	is_string(text)
	found := regex.find_all_string_submatch_n(`^spiffe://[^/]+/ns/([-a-z0-9]+)/sa/[^/]+$`, text, 1)
	count(found) == 1
} else := "" if {
	is_string(text)
	text != ""
} else := null

# As `app=checkout,tier=backend`.
_envoy_labels(extensions) := labels if {
	text := extensions.labels
	is_string(text)
	pairs := [pair | some part in split(text, ","); pair := split(part, "="); count(pair) == 2]
	count(pairs) == count(split(text, ","))
	count({key | some [key, _] in pairs}) == count(pairs)
	labels := {key: value | some [key, value] in pairs}
} else := object.get(extensions, "labels", null)

# The host that a client asks for is where a forward proxy dials; anywhere else it is just what the client says.
_envoy_destination(attributes, extensions) := {"host": target.host, "address": null, "port": target.port, "protocol": "TCP"} if {
	object.get(extensions, "dials", null) == "host"
	target := _authority(_object(_object(attributes, "request"), "http"))
} else := {
	"host": _said_host(attributes), "address": _given(object.get(socket, "address", null), ""),
	"port": object.get(socket, "portValue", null), "protocol": _given(object.get(socket, "protocol", null), "TCP"),
} if {
	socket := _object(_object(_object(attributes, "destination"), "address"), "socketAddress")
}

_said_host(attributes) := sni if {
	sni := _object(attributes, "tlsSession").sni
	sni != ""
} else := target.host if {
	http := _object(_object(attributes, "request"), "http")
	object.get(http, "host", null) != null
	target := _authority(http)
} else := null

# As in host:443 or [2001:db8::1]:443; without a port it is that of the scheme.
_authority(http) := {"host": found[1], "port": _port(found[2], http)} if {
	is_string(http.host)
	[found] := regex.find_all_string_submatch_n(`^(\[[0-9a-fA-F:.]+\]|[^:@/\[\]]+)(?::([1-9][0-9]{0,4}))?$`, http.host, 1)
} else := {"host": object.get(http, "host", null), "port": null}

_port("", http) := object.get({"http": 80, "https": 443}, object.get(http, "scheme", ""), null)

_port(text, _) := to_number(text) if text != ""

# Whether it can be judged.

_checked(found) := object.union(made, {"problems": array.concat(found.problems, _problems(made))}) if {
	placed := _placed(_host(found.host), found.address)
	made := object.union(found, object.union(placed, {"block": _block(placed.address)}))
}

# One dot at the end, capitals, and brackets around an address, mean nothing.
_host(text) := trim_suffix(trim_prefix(trim_suffix(lower(text), "."), "["), "]") if {
	is_string(text)
} else := text

# A host that is an address is one. Beside another address it stays, and is then no host name.
_placed(host, address) := {"host": null, "address": host} if {
	address == null
	_block(host) != null
} else := {"host": null, "address": address} if {
	_block(host) != null
	_block(host) == _block(address)
} else := {"host": host, "address": address}

# An IPv4 address in an IPv6 one (RFC 4291, 2.5.5.2) is what is really dialled.
_block(text) := {"family": 4, "name": "4", "low": cidr.parse($"{text}/32").low} if {
	is_string(text)
	cidr.usual($"{text}/32")
} else := {"family": found.family, "name": $"{found.family}", "low": found.low} if {
	is_string(text)
	regex.match(`^[0-9a-fA-F:]+(:(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\.(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3})?$`, text)
	found := cidr.parse($"{text}/128")
} else := null

_problems(found) := array.flatten([
	["the source's namespace is not known" | not _is_namespace(found.namespace)],
	["the source's labels are no object of texts" | not _are_labels(found.labels)],
	["the destination has neither host nor address" | _is_nowhere(found)],
	["the host is no name of a host" | not _is_host_or_null(found.host)],
	["the address is no address" | not _is_address_or_null(found)],
	["the port is no number from 1 to 65535" | not _is_port(found.port)],
	["the protocol is none of TCP, UDP and SCTP" | not found.protocol in {"TCP", "UDP", "SCTP"}],
])

_is_namespace(value) if {
	fields.is_text(value)
	selector.valid_namespace(value)
}

_are_labels(null)

_are_labels(value) if {
	is_object(value)
	every text in value { is_string(text) }
}

_is_nowhere(found) if {
	found.host == null
	found.address == null
}

_is_host_or_null(null)

_is_host_or_null(host) if model.is_host(host)

_is_address_or_null(found) if found.address == null

_is_address_or_null(found) if found.block != null

_is_port(value) if {
	is_number(value)
	value == floor(value)
	value >= 1
	value <= 65535
}
