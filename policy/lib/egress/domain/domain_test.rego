package lib.egress.domain_test

import data.lib.egress.domain

test_is_any_destination[name] if {
	some name, pattern in {
		"nothing but a star": "*", "stars and dots": "*.*", "right above a last label": "*.com", "above a suffix of two labels": "*.co.uk",
		"whatever its case, with a last dot": "*.CO.UK.", "a part of a label above it": "a*.com", "two stars": "**.com",
		"a label above the star": "www.*.com", "stars above stars": "*.*.com", "above a suffix of a company": "*.github.io",
		"above every name below a label": "*.x.ck", "in the last label": "example.*", "above a suffix that others stand for": "*.ck",
		"above what stands for others": "*.kawasaki.jp", "a number": 4, "null": null,
	}
	domain.any(pattern)
}

test_is_specific[name] if {
	some name, pattern in {
		"a name": "api.example.com", "below a name": "*.example.com", "any number of labels below a name": "**.example.com",
		"below a name above a suffix of two labels": "*.example.co.uk", "a suffix by itself": "com",
		"below an exception": "*.www.ck", "below another exception": "*.city.kawasaki.jp", "nothing": "",
	}
	not domain.any(pattern)
}
