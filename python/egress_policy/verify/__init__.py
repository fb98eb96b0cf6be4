"""The live check of the six-policy model: whether its policies are there, and whether the network obeys them.

`checking` is the way through: it reads what there is, plans the probes that follow from it, runs them in pods that are
taken away again, and compares. Only `probing` changes anything in the cluster.
"""
