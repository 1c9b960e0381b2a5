"""The command line: ``xlt``, or ``python -m search`` where ``xlt`` is not on the path."""

from search._module_path import exclude_working_directory


def main() -> None:
    """Run a command with the arguments of this process."""
    exclude_working_directory()
    from search.cli import main as run

    run(prog_name="xlt")


if __name__ == "__main__":
    main()
