"""Errors that a user can correct. The command line prints them without a traceback."""

from collections.abc import Sequence

from trainables.validation import escape_controls, mask_secrets

MAX_PROBLEM_LENGTH, MAX_PROBLEMS = 2000, 50
"""Most characters of one problem, and most problems, in a message."""


class UserError(Exception):
    """A mistake of the user: exit code 2."""

    def __init__(self, message: str) -> None:
        super().__init__(escape_controls(message))


class ClusterLostError(RuntimeError):
    """The connection to Ray was lost during a launch: exit code 1."""


class RegistryError(RuntimeError):
    """MLflow did not register an exported model: exit code 1."""

    def __init__(self, uri: str, cause: Exception) -> None:
        super().__init__(
            f"exported, but not registered: MLflow at {uri}: {type(cause).__name__}: {mask_secrets(str(cause))}"
        )
        self.uri = uri


class ConfigError(UserError):
    """All problems of a config, in one message."""

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        # A problem may quote the value, and the value may hold a password.
        source, problems = (
            _shorten_problem(mask_secrets(source), 1000),
            [_shorten_problem(escape_controls(mask_secrets(problem))) for problem in problems],
        )
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        more = [f"and {len(problems) - MAX_PROBLEMS:,} more"] if len(problems) > MAX_PROBLEMS else []
        super().__init__(
            "\n".join([f"{source}: {count}", *(f"  {line}" for line in [*problems[:MAX_PROBLEMS], *more])])
        )
        self.source, self.problems = source, problems


class SpaceChangedError(UserError):
    """The search of this name has another space."""

    def __init__(self, name: str, differences: Sequence[str]) -> None:
        lines = "\n".join(f"  {difference}" for difference in differences)
        super().__init__(
            f"a search named {name!r} exists and its config differs:\n{lines}\n"
            "Trials of two spaces cannot be compared. Choose a new name (--name), undo the change (also one made by --set), or remove "
            "the folder of the search"
        )
        self.name, self.differences = name, list(differences)


class SearchNotFoundError(UserError):
    """The home has no search of this name."""

    def __init__(self, name: str, home: object, search_names: Sequence[str]) -> None:
        existing = (
            f"it has: {', '.join(search_names)}"
            if search_names
            else "it has no searches yet: xlt launch CONFIG creates one"
        )
        super().__init__(f"no search named {name!r} in {home}; {existing}")
        self.name, self.search_names = name, list(search_names)


def _shorten_problem(text: str, most: int = MAX_PROBLEM_LENGTH) -> str:
    """Shorten a problem to one line. The beginning says where the problem is, the end says what is allowed: both are kept."""
    line = " ".join(text.split("\n"))
    return line if len(line) <= most else f"{line[: most // 2]} [...] {line[-most // 2 :]}"
