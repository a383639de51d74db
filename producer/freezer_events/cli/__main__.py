"""`python -m freezer_events.cli`: `freezer` where no such script is installed."""

from freezer_events.cli import main

if __name__ == "__main__":
    main()
