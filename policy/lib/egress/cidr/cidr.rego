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

# powers[n] is 2 to the n: the engines have no power of large integers. Written out, because Gatekeeper would work it out anew for
# each object and rule.
powers := [
	1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072, 262144, 524288, 1048576, 2097152,
	4194304, 8388608, 16777216, 33554432, 67108864, 134217728, 268435456, 536870912, 1073741824, 2147483648, 4294967296,
	8589934592, 17179869184, 34359738368, 68719476736, 137438953472, 274877906944, 549755813888, 1099511627776, 2199023255552,
	4398046511104, 8796093022208, 17592186044416, 35184372088832, 70368744177664, 140737488355328, 281474976710656,
	562949953421312, 1125899906842624, 2251799813685248, 4503599627370496, 9007199254740992, 18014398509481984, 36028797018963968,
	72057594037927936, 144115188075855872, 288230376151711744, 576460752303423488, 1152921504606846976, 2305843009213693952,
	4611686018427387904, 9223372036854775808, 18446744073709551616, 36893488147419103232, 73786976294838206464,
	147573952589676412928, 295147905179352825856, 590295810358705651712, 1180591620717411303424, 2361183241434822606848,
	4722366482869645213696, 9444732965739290427392, 18889465931478580854784, 37778931862957161709568, 75557863725914323419136,
	151115727451828646838272, 302231454903657293676544, 604462909807314587353088, 1208925819614629174706176,
	2417851639229258349412352, 4835703278458516698824704, 9671406556917033397649408, 19342813113834066795298816,
	38685626227668133590597632, 77371252455336267181195264, 154742504910672534362390528, 309485009821345068724781056,
	618970019642690137449562112, 1237940039285380274899124224, 2475880078570760549798248448, 4951760157141521099596496896,
	9903520314283042199192993792, 19807040628566084398385987584, 39614081257132168796771975168, 79228162514264337593543950336,
	158456325028528675187087900672, 316912650057057350374175801344, 633825300114114700748351602688,
	1267650600228229401496703205376, 2535301200456458802993406410752, 5070602400912917605986812821504,
	10141204801825835211973625643008, 20282409603651670423947251286016, 40564819207303340847894502572032,
	81129638414606681695789005144064, 162259276829213363391578010288128, 324518553658426726783156020576256,
	649037107316853453566312041152512, 1298074214633706907132624082305024, 2596148429267413814265248164610048,
	5192296858534827628530496329220096, 10384593717069655257060992658440192, 20769187434139310514121985316880384,
	41538374868278621028243970633760768, 83076749736557242056487941267521536, 166153499473114484112975882535043072,
	332306998946228968225951765070086144, 664613997892457936451903530140172288, 1329227995784915872903807060280344576,
	2658455991569831745807614120560689152, 5316911983139663491615228241121378304, 10633823966279326983230456482242756608,
	21267647932558653966460912964485513216, 42535295865117307932921825928971026432, 85070591730234615865843651857942052864,
	170141183460469231731687303715884105728, 340282366920938463463374607431768211456,
]

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

# Octets and prefix lengths by their text, written out for the same reason.
_values := {
	"0": 0, "1": 1, "2": 2, "3": 3, "4": 4, "5": 5, "6": 6, "7": 7, "8": 8, "9": 9, "10": 10, "11": 11, "12": 12, "13": 13,
	"14": 14, "15": 15, "16": 16, "17": 17, "18": 18, "19": 19, "20": 20, "21": 21, "22": 22, "23": 23, "24": 24, "25": 25,
	"26": 26, "27": 27, "28": 28, "29": 29, "30": 30, "31": 31, "32": 32, "33": 33, "34": 34, "35": 35, "36": 36, "37": 37,
	"38": 38, "39": 39, "40": 40, "41": 41, "42": 42, "43": 43, "44": 44, "45": 45, "46": 46, "47": 47, "48": 48, "49": 49,
	"50": 50, "51": 51, "52": 52, "53": 53, "54": 54, "55": 55, "56": 56, "57": 57, "58": 58, "59": 59, "60": 60, "61": 61,
	"62": 62, "63": 63, "64": 64, "65": 65, "66": 66, "67": 67, "68": 68, "69": 69, "70": 70, "71": 71, "72": 72, "73": 73,
	"74": 74, "75": 75, "76": 76, "77": 77, "78": 78, "79": 79, "80": 80, "81": 81, "82": 82, "83": 83, "84": 84, "85": 85,
	"86": 86, "87": 87, "88": 88, "89": 89, "90": 90, "91": 91, "92": 92, "93": 93, "94": 94, "95": 95, "96": 96, "97": 97,
	"98": 98, "99": 99, "100": 100, "101": 101, "102": 102, "103": 103, "104": 104, "105": 105, "106": 106, "107": 107, "108": 108,
	"109": 109, "110": 110, "111": 111, "112": 112, "113": 113, "114": 114, "115": 115, "116": 116, "117": 117, "118": 118,
	"119": 119, "120": 120, "121": 121, "122": 122, "123": 123, "124": 124, "125": 125, "126": 126, "127": 127, "128": 128,
	"129": 129, "130": 130, "131": 131, "132": 132, "133": 133, "134": 134, "135": 135, "136": 136, "137": 137, "138": 138,
	"139": 139, "140": 140, "141": 141, "142": 142, "143": 143, "144": 144, "145": 145, "146": 146, "147": 147, "148": 148,
	"149": 149, "150": 150, "151": 151, "152": 152, "153": 153, "154": 154, "155": 155, "156": 156, "157": 157, "158": 158,
	"159": 159, "160": 160, "161": 161, "162": 162, "163": 163, "164": 164, "165": 165, "166": 166, "167": 167, "168": 168,
	"169": 169, "170": 170, "171": 171, "172": 172, "173": 173, "174": 174, "175": 175, "176": 176, "177": 177, "178": 178,
	"179": 179, "180": 180, "181": 181, "182": 182, "183": 183, "184": 184, "185": 185, "186": 186, "187": 187, "188": 188,
	"189": 189, "190": 190, "191": 191, "192": 192, "193": 193, "194": 194, "195": 195, "196": 196, "197": 197, "198": 198,
	"199": 199, "200": 200, "201": 201, "202": 202, "203": 203, "204": 204, "205": 205, "206": 206, "207": 207, "208": 208,
	"209": 209, "210": 210, "211": 211, "212": 212, "213": 213, "214": 214, "215": 215, "216": 216, "217": 217, "218": 218,
	"219": 219, "220": 220, "221": 221, "222": 222, "223": 223, "224": 224, "225": 225, "226": 226, "227": 227, "228": 228,
	"229": 229, "230": 230, "231": 231, "232": 232, "233": 233, "234": 234, "235": 235, "236": 236, "237": 237, "238": 238,
	"239": 239, "240": 240, "241": 241, "242": 242, "243": 243, "244": 244, "245": 245, "246": 246, "247": 247, "248": 248,
	"249": 249, "250": 250, "251": 251, "252": 252, "253": 253, "254": 254, "255": 255,
}

_length(text, most) := n if {
	n := _value(text)
	n <= most
}

# METADATA
# description: Whether a text is a block of IPv4 as nearly all are written, without a leading zero. It may have bits beyond its length.
usual(text) if regex.match(`^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])/([12]?[0-9]|3[0-2])$`, text)

# METADATA
# description: Whether a text that `parse` reads stands for what it looks like. Of most it is told by their zeros.
plain(text) if {
	regex.match(`^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\.){3}((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])/32|0/(2[4-9]|3[01]))$|^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\.){2}0\.0/(1[6-9]|2[0-3])$|^(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\.0\.0\.0/([89]|1[0-5])$`, text)
} else if parse(text).plain

# METADATA
# description: How many addresses of IPv4 a text may stand for at most, by its length alone; all that there are of IPv6 for any other text.
most(text) := bits.lsh(1, 32 - to_number(substring(text, indexof(text, "/") + 1, -1))) if {
	usual(text)
} else := powers[128]

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
#   The windows of IPv6 in which IPv4 addresses stand for themselves, by the way that leads there: as v4-mapped addresses, and through a NAT64 gateway.
windows := {"mapped": mapped, "translated": translated}

# METADATA
# description: The IPv4 blocks that an IPv6 block reaches besides, each as [way, block]. An IPv4 block has none.
images(found) := [[way, image] |
	found.family == 6
	some way, window in windows
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
address_text(4, address) := $"{bits.rsh(address, 24)}.{bits.rsh(address, 16) % 256}.{bits.rsh(address, 8) % 256}.{address % 256}"

address_text(6, address) := concat(":", [group |
	some shift in [112, 96, 80, 64, 48, 32, 16, 0]
	group := format_int(bits.rsh(address, shift) % 65536, 16)
])
