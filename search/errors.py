"""What can go wrong in a way that the user can mend. The command line prints these without a traceback."""

from collections.abc import Sequence

from trainables.validation import escape_controls, mask_secrets

MAX_PROBLEM_LENGTH, MAX_PROBLEMS = 2000, 50
"""Letters of a problem, and problems, that a message tells."""


class UserError(Exception):
    """A mistake of the user's: exit code 2."""

    def __init__(self, message: str) -> None:
        super().__init__(escape_controls(message))


class ClusterLostError(RuntimeError):
    """Ray is gone under a launch: exit code 1."""


class RegistryError(RuntimeError):
    """MLflow did not take a model that was exported: exit code 1."""

    def __init__(self, uri: str, cause: Exception) -> None:
        super().__init__(
            f"exported, but not registered: MLflow at {uri}: {type(cause).__name__}: {mask_secrets(str(cause))}"
        )
        self.uri = uri


class ConfigError(UserError):
    """Everything that is wrong with a config, together."""

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        # What is wrong may be told with the value, and that with a password.
        source, problems = (
            _shorten_problem(mask_secrets(source), 1000),
            [_shorten_problem(escape_controls(mask_secrets(problem))) for problem in problems],
        )
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        more = [f"and {len(problems) - MAX_PROBLEMS:,} more"] if len(problems) > MAX_PROBLEMS else []
        super().__init__(
            "\n".join([f"{source}: {count}", *(f"  {told}" for told in [*problems[:MAX_PROBLEMS], *more])])
        )
        self.source, self.problems = source, problems


class SpaceChangedError(UserError):
    """A search of this name was made in another space."""

    def __init__(self, name: str, differences: Sequence[str]) -> None:
        lines = "\n".join(f"  {difference}" for difference in differences)
        super().__init__(
            f"a search named {name!r} exists and its config differs:\n{lines}\n"
            "trials of two spaces cannot be compared: take a new name (--name), undo the change (--set counts too), or remove "
            "the folder of the search"
        )
        self.name, self.differences = name, list(differences)


class SearchNotFoundError(UserError):
    """No search of this name in this home."""

    def __init__(self, name: str, home: object, search_names: Sequence[str]) -> None:
        there = (
            f"it has: {', '.join(search_names)}"
            if search_names
            else "it has no searches yet: xlt launch CONFIG makes one"
        )
        super().__init__(f"no search named {name!r} in {home}; {there}")
        self.name, self.search_names = name, list(search_names)


def _shorten_problem(text: str, most: int = MAX_PROBLEM_LENGTH) -> str:
    """A text in a line of bearable length: of a problem, the beginning says where it is, the end what is allowed."""
    line = " ".join(text.split("\n"))
    return line if len(line) <= most else f"{line[: most // 2]} [...] {line[-most // 2 :]}"
