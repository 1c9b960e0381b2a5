"""``python -m search``: the command line, for interpreters without ``xlt`` on their path."""

from search.cli import main

if __name__ == "__main__":
    main(prog_name="xlt")
