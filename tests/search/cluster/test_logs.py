from search.cluster import summarise_logs


def test_the_lines_that_name_a_cause_are_quoted_the_most_telling_first(tmp_path):
    (tmp_path / "runtime_env_agent.log").write_text(
        "2026-11-27 21:09:04,647\tINFO agent.py:357 -- not found: nothing\n2026-11-28 09:34:35\tWARNING agent.py:79 -- Failed to bind. Retrying in 0.20s. Error: [Errno 98]\n  File x\nImportError: No module named 'aiohttp'\n"
    )
    (tmp_path / "raylet.err").write_text("bash: line 1: /work/My: No such file or directory\n" * 50)
    (tmp_path / "raylet.out").write_text("[2026-11-27 21:09:06,063 I 9727 9739] (raylet) Error: of no weight\n")
    assert summarise_logs(tmp_path).splitlines() == [
        "; its logs say:",
        "  bash: line 1: /work/My: No such file or directory",
        "  ImportError: No module named 'aiohttp'",
    ]


def test_logs_that_say_nothing_or_lie_elsewhere_are_said_to(tmp_path):
    assert summarise_logs(tmp_path) == "; its logs name no cause"
    assert "ray logs" in summarise_logs(None)
