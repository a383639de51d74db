"""`python -m producer.cli`: the program `freezer` where no script of that name is installed."""

from producer.cli import main

if __name__ == "__main__":
    main()
