"""The command line: ``xlt``, and ``python -m search`` for interpreters without it on their path."""

from search._module_path import exclude_working_directory


def main() -> None:
    """Run a command, as the whole of this process."""
    exclude_working_directory()
    from search.cli import main as run

    run(prog_name="xlt")


if __name__ == "__main__":
    main()
