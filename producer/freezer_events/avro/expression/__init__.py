"""Expressions, in the part of CEL that rules in schemas and `--where` are written in.

`tokens` and `grammar` read a text to its `tree`; `to_python` checks it against the `kinds` of its
names and gives Python for it, which calls `operations`; `pattern` does that for matches().
`condition` gives what `--where` asks.
"""
