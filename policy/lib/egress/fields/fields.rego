# METADATA
# title: Fields
# description: |
#   What the fields of settings must be, as the documents of parameters and models have them: predicates, and problems {"path", "message"}.
package lib.egress.fields

import data.lib.egress.cidr
import data.lib.egress.ports

# METADATA
# description: What is no list, and not absent or null.
list_problem(container, field, prefix) := [{"path": concat("", [prefix, field]), "message": "must be a list"} |
	value := object.get(container, field, null)
	value != null
	not is_array(value)
]

# METADATA
# description: The items of a list field; none where it is absent or no list.
items(container, field) := value if {
	value := container[field]
	is_array(value)
} else := []

# METADATA
# description: The items of a list field that are no blocks.
block_problems(container, field, prefix) := array.concat(
	list_problem(container, field, prefix),
	[{"path": $"{prefix}{field}[{i}]", "message": "must be a CIDR block without leading zeros or bits beyond its length"} |
		some i, text in items(container, field)
		not is_block(text)
	],
)

# METADATA
# description: Whether a text is a CIDR block without leading zeros or bits beyond its length.
is_block(text) if {
	cidr.parse(text).plain
}

# METADATA
# description: The items of a list field that are no texts.
text_problems(container, field, prefix) := array.concat(
	list_problem(container, field, prefix),
	[{"path": $"{prefix}{field}[{i}]", "message": "must be a text that is not empty"} |
		some i, text in items(container, field)
		not is_text(text)
	],
)

# METADATA
# description: Whether a value is a text that is not empty.
is_text(text) if {
	is_string(text)
	text != ""
}

# METADATA
# description: Whether a value is a text in which something can be seen, so that somebody answers for it and says why.
is_visible(text) if {
	is_string(text)
	regex.match(`[^\t\n\f\r ]`, text)
}

# METADATA
# description: Whether a value is a text, or left out.
is_text_or_null(null)

is_text_or_null(value) if is_string(value)

# METADATA
# description: Whether a value is a port number, or {"protocol", "port", "endPort"}.
is_port(port) if _number(port)

is_port(port) if {
	is_object(port)
	object.keys(port) - {"protocol", "port", "endPort"} == set()
	object.get(port, "protocol", null) in {null, "TCP", "UDP", "SCTP"}
	_number_or_null(object.get(port, "port", null))
	_end(port, object.get(port, "endPort", null))
}

_number(port) if {
	is_number(port)
	port >= 1
	port <= ports.total
	floor(port) == port
}

_number_or_null(null)

_number_or_null(port) if _number(port)

_end(_, null)

_end(port, last) if {
	_number(last)
	_number(port.port)
	last >= port.port
}

# METADATA
# description: How a date begins, for a pattern that may go on.
date_pattern := `^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])`

# METADATA
# description: Whether a value is a date YYYY-MM-DD that there is, or left out.
is_date_or_null(null)

is_date_or_null(date) if {
	is_string(date)
	regex.match(concat("", [date_pattern, "$"]), date)
	in_calendar(date)
}

# METADATA
# description: Whether the month of a date has its day.
in_calendar(date) if to_number(trim_left(substring(date, 8, 2), "0")) <= _days(substring(date, 0, 4), substring(date, 5, 2))

_days(year, month) := 30 if {
	month in {"04", "06", "09", "11"}
} else := 29 if {
	month == "02"
	_leap(to_number(concat("", ["1", year])) - 10000)
} else := 28 if {
	month == "02"
} else := 31

_leap(year) if {
	year % 4 == 0
	year % 100 != 0
}

_leap(year) if year % 400 == 0

# METADATA
# description: Whether a value is an object of texts, or left out.
is_labels(null)

is_labels(labels) if {
	is_object(labels)
	every _, value in labels { is_string(value) }
}
