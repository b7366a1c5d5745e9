"""What every command shares: where to write, how to fail, a bar for long work, a database that is ready."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bihuan.wiring import commands, postgres, site
from bihuan.wiring.processes import Busy

out = Console()
err = Console(stderr=True)
Json = Annotated[bool, typer.Option("--json", help="print one JSON object and nothing else")]
World = Annotated[int, typer.Option(help="世界 world: 1 is the real one")]


def say(text: str) -> None:
    err.print(f"[dim]·[/] {text}", highlight=False)


def fail(text: str) -> typer.Exit:
    err.print(f"[bold red]✗[/] {text}", highlight=False)
    return typer.Exit(1)


@contextmanager
def progress(title: str) -> Iterator[Callable[[int, int], None]]:
    """A bar for anything that may take longer than two seconds; ``(done, total)``, total 0 when unknown."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total or None)


@contextmanager
def ready(*, migrated: bool = True) -> Iterator[None]:
    """A database, up to date, with Django set up on it."""
    with ExitStack() as stack:
        try:
            stack.enter_context(site.database(say))
        except (postgres.PostgresError, Busy) as error:
            raise fail(str(error)) from error
        site.setup_django()
        if migrated:
            commands.migrate(say)
        yield


def day_of(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise fail(f"{text}: 日期写成 2027-02-14 / write a date like 2027-02-14") from None
