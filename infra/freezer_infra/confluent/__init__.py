"""Provisioning through the Confluent CLI: Confluent Cloud, and Confluent Platform with `--url`.

`cli` runs the executable, `faults` understands how it fails, `session` is about who is logged in,
`topics` and `access` are its verbs, `target` puts them behind the planner's interface.
"""
