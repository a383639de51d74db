"""`python -m freezer_infra`: the commands about topics and the local stack."""

from freezer_infra.commands.topics import main

main()
