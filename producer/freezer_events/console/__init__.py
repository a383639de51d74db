"""What every command line here shares: run a command to its exit code, signals, command groups."""
