# METADATA
# title: CIDR blocks
# description: |
#   Reads CIDR blocks as the Kubernetes API server does. A block is {"family": 4|6, "length": n, "low": n, "high": n}, where low
#   and high are its first and last address as integers. No net.cidr_* builtin is used: on odd input they are undefined,
#   or differ between the engines.
# related_resources:
#   - ref: https://www.rfc-editor.org/rfc/rfc4632
#   - ref: https://www.rfc-editor.org/rfc/rfc4291
package lib.egress.cidr

# powers[n] is 2 to the n: the engines have no power of large integers.
powers := [bits.lsh(1, n) | some n in numbers.range(0, 128)]

address_bits := {4: 32, 6: 128}

# METADATA
# description: How many addresses a block of this family and prefix length has.
size(family, length) := powers[address_bits[family] - length]

# METADATA
# description: The block of this prefix length that holds the address; bits beyond the length are dropped.
block(family, length, address) := {"family": family, "length": length, "low": low, "high": (low + addresses) - 1} if {
	addresses := size(family, length)
	low := address - (address % addresses)
}

# METADATA
# description: |
#   The block that a text stands for, with "plain": false if clusters since Kubernetes 1.36 refuse the text, and older ones kept it: leading
#   zeros, bits beyond the prefix length, v4-mapped IPv6. Undefined for a text that every API server refuses. IPv6 of the form
#   ::ffff:a.b.c.d with a length of 96 or more is the IPv4 block inside, as for Go's net.IPNet.
parse(text) := {"family": 4, "length": length, "low": low, "high": (low + addresses) - 1, "plain": plain} if {
	[address, suffix] := split(text, "/")
	[first, second, third, fourth] := split(address, ".")
	number := ((_values[first] * 16777216) + (_values[second] * 65536)) + ((_values[third] * 256) + _values[fourth])
	length := _values[suffix]
	addresses := powers[32 - length]
	low := number - (number % addresses)
	plain := low == number
} else := object.union(block(4, _length(suffix, 32), _ipv4(address)), {"plain": false}) if {
	[address, suffix] := split(text, "/")
	not contains(address, ":")
} else := object.union(found, {"plain": plain}) if {
	[address, suffix] := split(text, "/")
	contains(address, ":")
	number := _ipv6(address)
	found := _unmapped(number, _length(suffix, 128))
	plain := _plain(text, number, found)
}

_plain(text, number, found) if {
	found.family == 6
	found.low == number
	not _is_mapped(number)
	not regex.match(`(^|[:.])0[0-9]+[.]|[.]0[0-9]|/0[0-9]|[0-9a-fA-F]{5}`, text)
} else := false

# The IPv4 addresses written as IPv6 (RFC 4291, 2.5.5.2), and those that a NAT64 gateway translates (RFC 6052).
mapped := {"family": 6, "length": 96, "low": 281470681743360, "high": 281474976710655}

translated := {
	"family": 6, "length": 96,
	"low": 524413980667603649783483181312245760, "high": 524413980667603649783483185607213055,
}

_unmapped(address, length) := block(4, length - 96, address - mapped.low) if {
	_is_mapped(address)
	length >= 96
} else := block(6, length, address)

_is_mapped(address) if {
	address >= mapped.low
	address <= mapped.high
}

_values := {text: n | some n in numbers.range(0, 255); text := format_int(n, 10)}

_length(text, most) := n if {
	n := _value(text)
	n <= most
}

# METADATA
# description: The prefix length of a text that `parse` reads, as it is written there.
written_length(text) := _value(split(text, "/")[1])

# Leading zeros are decimal to the API server, and not octal.
_value(text) := _values[text] if {
	_values[text]
} else := _values[trim_left(text, "0")] if {
	regex.match(`^0+[1-9][0-9]*$`, text)
} else := 0 if {
	regex.match(`^0+$`, text)
}

_ipv4(text) := (((_value(octets[0]) * 16777216) + (_value(octets[1]) * 65536)) + (_value(octets[2]) * 256)) + _value(octets[3]) if {
	octets := split(text, ".")
	count(octets) == 4
}

# The eight groups of an IPv6 text, `::` and a dotted tail written out, as one integer.
_ipv6(text) := sum([n |
	some i, group in groups
	n := group * powers[16 * (7 - i)]
]) if {
	groups := _groups(_undotted(text))
	count(groups) == 8
}

_groups(text) := _hexadecimals(text) if not contains(text, "::")

_groups(text) := array.concat(array.concat(head, zeros), tail) if {
	halves := split(text, "::")
	count(halves) == 2
	head := _hexadecimals(halves[0])
	tail := _hexadecimals(halves[1])
	missing := 8 - (count(head) + count(tail))
	missing > 0
	zeros := [0 | some _ in numbers.range(1, missing)]
}

_hexadecimals("") := []

_hexadecimals(text) := [_hexadecimal(group) | some group in groups] if {
	text != ""
	groups := split(text, ":")
	every group in groups { regex.match(`^0*[0-9a-fA-F]{1,4}$`, group) }
}

_hexadecimal(text) := sum([n |
	some i in numbers.range(0, last)
	n := indexof("0123456789abcdef", substring(digits, i, 1)) * powers[4 * (last - i)]
]) if {
	digits := concat("", ["0", trim_left(lower(text), "0")])
	last := count(digits) - 1
}

_dotted(text) := parts[count(parts) - 1] if parts := split(text, ":")

_undotted(text) := text if not contains(text, ".")

_undotted(text) := concat("", [trim_suffix(text, dotted), format_int(bits.rsh(number, 16), 16), ":", format_int(number % 65536, 16)]) if {
	contains(text, ".")
	dotted := _dotted(text)
	number := _ipv4(dotted)
}

# METADATA
# description: Whether the first block lies inside the second; a block lies inside itself.
inside(inner, outer) if {
	inner.family == outer.family
	inner.low >= outer.low
	inner.high <= outer.high
}

# METADATA
# description: |
#   The IPv4 blocks that an IPv6 block reaches besides: as v4-mapped addresses, and through a NAT64 gateway, each as
#   [window, block]. An IPv4 block has none.
images(found) := [[window, image] |
	found.family == 6
	some window in [mapped, translated]
	image := _image(found, window)
]

# METADATA
# description: What of an IPv6 block lies in a window of 96 bits, as IPv4; undefined if nothing does.
_image(found, window) := block(4, found.length - 96, found.low - window.low) if {
	found.length >= 96
	inside(found, window)
} else := block(4, 0, 0) if {
	inside(window, found)
}

# METADATA
# description: The part of an exception that lies in a window, as IPv4; undefined if none does.
image(found, window) := _image(found, window)

# METADATA
# description: The usual text of a block.
text(found) := $"{address_text(found.family, found.low)}/{found.length}"

# METADATA
# description: The usual text of an address; IPv6 is written without `::`, which every reader takes.
address_text(4, address) := concat(".", [octet |
	some shift in [24, 16, 8, 0]
	octet := format_int(bits.rsh(address, shift) % 256, 10)
])

address_text(6, address) := concat(":", [group |
	some shift in [112, 96, 80, 64, 48, 32, 16, 0]
	group := format_int(bits.rsh(address, shift) % 65536, 16)
])
