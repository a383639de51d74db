"""Speed, measured against peers: `make bench`, `make bench-quick`."""
