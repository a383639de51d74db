"""Provisioning through the Confluent CLI: Confluent Cloud, and Confluent Platform with `--url`.

`confluent_cli` runs the executable, `faults` understands how it fails, `session` is about who is
logged in, `cli_topics` and `cloud_access` are its verbs, `cli_target` and `cloud_target` put them
behind the planner's interface.
"""
