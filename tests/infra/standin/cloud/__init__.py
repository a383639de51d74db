"""The stand-in `confluent`: flags, texts, streams and exit codes of Confluent CLI 4.73.0.

`verbs` is the one table: verb, flags in each state of the login, answer. What is not in it is
refused: an unknown verb or flag as the real one does, a flag marked `*` by an exit code of its own,
for the real one has it and nothing here acts on it.

Texts are those of a run of 4.73.0 against its own test cloud and a real Kafka. The rest is from
its source (github.com/confluentinc/cli), named beside it:
 - api-key list, delete: internal/api-key/command_list.go, command_delete.go, pkg/deletion;
 - iam rbac role-binding create, list: internal/iam/command_rbac_role_binding*.go and
   test/fixtures/output/iam/rbac/role-binding/create-service-account-developer-read.golden;
 - kafka broker list: internal/kafka/command_broker_list.go;
 - errors and suggestions: pkg/errors/error_message.go, catcher.go.
Nobody has seen these run: role bindings that lag, `giving up after` in other words than these, what
an unknown environment is called. Topics, ACLs and keys live on a real Kafka when the cloud's state
names one, else in that state.
"""
