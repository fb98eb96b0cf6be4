"""A picture of who may reach what: what it shows (`reach`), as SVG (`svg`) and as Mermaid's text (`mermaid`)."""
