import io

from rich.console import Console

from services.local.progress import show_steps


def run_steps(*, terminal: bool) -> str:
    out = io.StringIO()
    with show_steps(Console(file=out, force_terminal=terminal, width=100)) as steps:
        with steps.step("Starting") as _, steps.step("Streaming", 3) as advance:
            advance(2)
        steps.finish()
        steps.say("after")
    return out.getvalue()


def test_without_a_terminal_steps_are_plain_lines() -> None:
    lines = run_steps(terminal=False).splitlines()

    assert lines[:2] == ["Starting ...", "Streaming ..."]
    assert lines[2].startswith("Streaming (3): done in ")
    assert lines[3].startswith("Starting: done in ")
    assert lines[4:] == ["after"]


def test_on_a_terminal_steps_have_bars_and_counts() -> None:
    shown = run_steps(terminal=True)

    assert "Streaming" in shown
    assert "2/3" in shown
