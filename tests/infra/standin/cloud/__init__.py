"""The stand-in `confluent`: flags, texts, streams and exit codes of the Confluent CLI 4.x.

It is strict where the real one is strict (unknown flags, login-dependent flags) and lies where the
real one lies (`--dry-run`, `--if-not-exists`). Topics, ACLs and keys live on a real Kafka when the
cloud's state names one, else in that state, so most of the contract can be tested without a broker.
"""
