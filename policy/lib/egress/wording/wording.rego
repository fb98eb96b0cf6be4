# METADATA
# title: Wording
# description: How messages name what a model declares.
package lib.egress.wording

# METADATA
# description: Labels as messages name them.
labels(written) := concat(", ", sort([$"{key}={value}" | some key, value in written]))

# METADATA
# description: The pods that a destination is for.
pods(written) := "its pods" if {
	written == {}
} else := $"pods with {labels(written)}"

# METADATA
# description: A destination of a model, by its name, place and ports.
destination(declared) := $"{_kinds[declared.layer]} '{declared.name}' ({_places(declared)}) on {ports(declared.ports)}"

_kinds := {
	"allow-dns": "the cluster's DNS", "allow-https": "destination", "allow-database": "database",
	"allow-internal-services": "service", "allow-kube-api": "the Kubernetes API",
}

_places(declared) := concat(", ", array.concat([labels(declared.labels) | declared.labels != null], declared.cidrs))

# METADATA
# description: Ports as messages name them.
ports(written) := concat(", ", [text | some port in written; text := _port(port)])

_port(port) := $"{port.protocol} {port.low}" if {
	port.low == port.high
} else := $"{port.protocol} {port.low}-{port.high}"
