"""The ``bihuan`` command: everything a site needs, from the first start to the audit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from bihuan.cli import drills, indicators, meeting, office, scene, sensing, signals, suggest, warnings, webhooks
from bihuan.cli.common import Json, World, day_of, err, fail, out, progress, ready, say
from bihuan.wiring import commands, importing, postgres, simulating, site, supervisor
from bihuan.wiring.processes import Busy

app = typer.Typer(
    name="bihuan",
    help="闭环 Bihuan: the operating loop of a city district. 先试 / Start with: bihuan run",
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
rules_app = typer.Typer(help="规则 Rulebooks: list, import, export, diff.", no_args_is_help=True)
calendar_app = typer.Typer(help="日历 Working days: publish a year, set a day.", no_args_is_help=True)
app.add_typer(rules_app, name="rules")
app.add_typer(calendar_app, name="calendar")
app.add_typer(scene.app, name="scene")
app.add_typer(drills.app, name="drill")
app.add_typer(meeting.app, name="meeting")
app.add_typer(signals.app, name="signals")
signals.app.add_typer(sensing.rules, name="rules")
signals.app.add_typer(sensing.source, name="source")
signals.app.add_typer(indicators.app, name="indicator")
signals.app.command("keep")(indicators.keep)
for one in (sensing.watch, sensing.receive, sensing.detect, sensing.health):
    signals.app.command()(one)
app.add_typer(warnings.app, name="warnings")
app.add_typer(suggest.app, name="suggest")
app.add_typer(office.tokens, name="token")
app.add_typer(office.worlds, name="world")
app.add_typer(office.outbox, name="outbox")
app.add_typer(webhooks.app, name="webhook")
app.add_typer(office.units, name="units")
app.add_typer(office.staff, name="staff")
app.add_typer(office.register, name="register")
app.command()(office.looks)
app.command()(drills.replay)


@app.command()
def run(
    address: Annotated[str, typer.Option(help="host:port", envvar="BIHUAN_ADDRESS")] = "127.0.0.1:8000",
    demo: Annotated[bool, typer.Option(help="示范区 load the demo district")] = True,
    live: Annotated[bool, typer.Option(help="示范区里有人在办事 fictional people work in the demo")] = True,
) -> None:
    """一条命令,全部启动。 Start everything: database, web, worker, and a demo district."""
    try:
        host, port = commands.parse_address(address)
        with supervisor.interruptible(), site.database(say, alone=True) as cluster:
            site.setup_django()
            commands.migrate(say)
            site.refuse_owner()
            commands.prepare(say)
            accounts = commands.load_demo(say, progress) if demo else []
            code = supervisor.run(
                commands.parts(host, port, is_live=demo and live),
                cluster=cluster,
                ready=lambda: commands.greet(out, host, port, accounts),
            )
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except (postgres.PostgresError, Busy, commands.CannotGoOn) as error:
        raise fail(str(error)) from error
    raise typer.Exit(code)


@app.command()
def serve(
    address: Annotated[str, typer.Option(help="host:port", envvar="BIHUAN_ADDRESS")] = "127.0.0.1:8000",
) -> None:
    """只启动网页和接口。 The web application alone, on the database that BIHUAN_DATABASE_URL names."""
    commands.need_database()
    host, port = commands.parse_address(address)
    site.prepare_data(postgres.data_folder())
    command = commands.web(host, port)
    os.execv(command[0], command)  # noqa: S606 - our own interpreter


@app.command(hidden=True)
def live() -> None:
    """示范区里虚构的人在办事。 Fictional people work in the demo district; `bihuan run` starts this by itself."""
    site.setup_django()
    try:
        commands.live()
    except commands.CannotGoOn as error:
        raise fail(str(error)) from error
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


@app.command()
def worker() -> None:
    """只启动后台。 The worker alone: feed, ticker, messages. Several may run."""
    commands.need_database()
    site.prepare_data(postgres.data_folder())
    site.setup_django()
    commands.work()


@app.command()
def migrate() -> None:
    """建表或更新。 Bring the tables up to date, as BIHUAN_OWNER_DATABASE_URL."""
    with ready(migrated=False):
        applied = commands.migrate(say)
        out.print(f"已更新 {len(applied)} 项 / {len(applied)} migrations applied")


@app.command()
def explain(
    case: Annotated[str, typer.Argument(help="案卷号、回执码或编号 number, receipt code or id")],
    world: World = 1,
    as_json: Json = False,
) -> None:
    """为什么是这个单位、这个期限。 Why this unit and why this due date, from the history alone."""
    with ready():
        try:
            explanation = commands.explain(case, world)
        except LookupError as error:
            raise fail(str(error)) from error
        if as_json:
            print(json.dumps(explanation, ensure_ascii=False, default=str))
        else:
            commands.show_explanation(out, explanation)


@app.command()
def audit(world: World = 1, as_json: Json = False) -> None:
    """对照各条规则检查全站。 Fold every history, hold it against the laws, verify the ledger. Changes nothing."""
    with ready(), progress("核对案卷 auditing cases") as step:
        found = commands.audit(world, step)
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        commands.show_findings(out, found)
    raise typer.Exit(0 if found["clean"] else 1)


@app.command()
def erase(
    case: Annotated[
        str, typer.Argument(help="回执码、案卷号或编号 receipt code, number or id of one of the person's cases")
    ],
    reason: Annotated[str, typer.Option(help="依据 whose wish or which law")],
) -> None:
    """抹去反映人的全部个人信息,不可恢复。 Erase a reporter everywhere, for good; history stays valid.

    A report that staff typed in without a contact names no reporter: then all that staff wrote in that case goes.
    """
    with ready():
        try:
            told = commands.erase(case, reason)
        except (LookupError, commands.CannotGoOn) as error:
            raise fail(str(error)) from error
    out.print(told)


@app.command()
def renew_key() -> None:
    """签名密钥遗失时换新。 Sign with a new key when the old one is lost; old heads stay valid."""
    with ready():
        key = commands.renew_key()
    out.print(f"新公钥,请公布 / the new public key, to be published: {key}", soft_wrap=True)


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(help="文件 file to write")],
    with_keyring: Annotated[bool, typer.Option(help="连同密钥 include the keys (then guard the file)")] = False,
) -> None:
    """备份。 Dump the database; without the keys nobody can read personal data in it."""
    with ready(), progress("备份 backing up") as step:
        try:
            manifest = commands.backup(target, step, with_keyring=with_keyring)
        except (OSError, RuntimeError, commands.CannotGoOn) as error:
            raise fail(str(error)) from error
    out.print(f"已备份到 {target} / backed up: {json.dumps(manifest, ensure_ascii=False, default=str)}", soft_wrap=True)


@app.command()
def restore(source: Annotated[Path, typer.Argument(help="备份文件 backup file", exists=True)]) -> None:
    """恢复到空数据库。 Restore into an empty database; erased people stay erased."""
    with ready(migrated=False), progress("恢复 restoring") as step:
        try:
            manifest = commands.restore(source, step)
        except (OSError, RuntimeError, commands.CannotGoOn) as error:
            raise fail(str(error)) from error
    out.print(f"已恢复 / restored: {json.dumps(manifest, ensure_ascii=False, default=str)}", soft_wrap=True)


@app.command()
def simulate(  # noqa: PLR0917 - options of a command line
    days: Annotated[int, typer.Option(help="天数 days")] = 30,
    per_day: Annotated[int, typer.Option(help="平日每天多少件 reports on a weekday")] = 1000,
    seed: Annotated[int, typer.Option(help="同一种子同一历史 the same seed gives the same history")] = 7,
    start: Annotated[str, typer.Option(help="第一天 first day, YYYY-MM-DD")] = "2026-03-01",
    scene: Annotated[str, typer.Option(help="场景 scene")] = "city",
    staff: Annotated[
        list[str] | None, typer.Option(help="人手增减,与现状对比 yz.cgj=-2: two fewer there, compared with as it is")
    ] = None,
    letters: Annotated[
        Path | None, typer.Option(help="用文件里的来信代替虚构的反映 letters of a file instead of drawn reports")
    ] = None,
    mapping: Annotated[Path | None, typer.Option(help="来信的映射文件 the mapping of the letters")] = None,
    rest: Annotated[str, typer.Option(help="分拣员把没有类别的归到 category of those without one")] = "S0610",
    keep: Annotated[bool, typer.Option(help="留下推演的世界 keep the world to look at it")] = False,
    as_json: Json = False,
) -> None:
    """推演一段日子:虚构的反映和人手,走真的流程。 Play days of a virtual district through the real loop."""
    try:
        changes = simulating.parse_staff(staff or [])
        with ready(), progress("推演 simulating") as step:
            plan = simulating.plan_of(day_of(start), days, per_day, seed, scene)
            post = simulating.post_of(letters, mapping, scene, rest) if letters else None
            found = simulating.simulate(plan, changes, step, say, keep=keep, post=post)
    except commands.CannotGoOn as error:
        raise fail(str(error)) from error
    if as_json:
        print(json.dumps({"runs": found, **found[-1]}, ensure_ascii=False))
    else:
        simulating.show(out, found)


@app.command("import")
def import_file(  # noqa: PLR0917 - options of a command line
    file: Annotated[Path, typer.Argument(help="CSV、JSON 或 XLSX,可 .gz; CSV, JSON (lines) or XLSX, also as .gz")],
    scene: Annotated[str, typer.Option(help="场景 scene")] = "city",
    mapping: Annotated[
        Path | None, typer.Option(help="映射文件 a mapping (TOML or JSON); without it the columns are guessed")
    ] = None,
    source: Annotated[str, typer.Option(help="来源名称 name of the source; else that of the file")] = "",
    way: Annotated[str, typer.Option("--as", help="history 已办完的历史 | report 现在要办的事")] = "",
    unit: Annotated[str, typer.Option(help="办理或录入的单位 unit that dealt with it, or that brings it in")] = "",
    encoding: Annotated[str, typer.Option(help="编码 utf-8 | gb18030 | …; else found out")] = "",
    rejects: Annotated[Path | None, typer.Option(help="没收下的行写到哪里 where refused rows go")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="不再确认 take the mapping as shown")] = False,
    as_json: Json = False,
) -> None:
    """导入别处的案卷,断了可以接着来。 Take in cases of another system; cut off, the same command goes on."""
    if way not in {"", "history", "report"}:
        raise fail(f"--as {way}: history 或 report / write history or report")
    try:
        with ready():
            commands.prepare(say)
            found, columns = importing.look(file, mapping, scene, source=source, way=way, unit=unit, encoding=encoding)
            importing.show_mapping(err if as_json else out, found, columns)
            if not (yes or mapping or typer.confirm("这样对吗?Is this right?", err=True)):
                raise typer.Exit(1)
            with progress("导入 importing") as step:
                told = importing.take_in(found, columns, scene, rejects or Path(f"{file.name}.rejected.csv"), step)
    except commands.CannotGoOn as error:
        raise fail(str(error)) from error
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        importing.show(out, told)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def bench(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="一项或全部 one benchmark, or all")] = "",
) -> None:
    """性能测量,每项带基线。 Run the benchmarks; each compares itself with a baseline in the same run."""
    folder = Path(__file__).resolve().parents[3] / "benchmarks"
    files = {file.stem: file for file in sorted(folder.glob("*.py")) if "def main(" in file.read_text(encoding="utf-8")}
    if not files:
        raise fail(f"{folder} 不存在。 There are no benchmarks here: run it in a checkout of the source.")
    if name and name not in files:
        raise fail(f"没有这项测量。 There is no benchmark '{name}'; there are: {', '.join(files)}")
    failed = []
    for stem, file in files.items():
        if name in {"", stem}:
            if not name:
                say(stem)
            if subprocess.run([sys.executable, str(file), *context.args], check=False).returncode:
                failed.append(stem)
    if failed:
        raise fail(f"未达标或出错 / missed or failed: {', '.join(failed)}")


@rules_app.command("list")
def rules_list() -> None:
    """列出所有版本。 All versions with their dates."""
    with ready():
        table = Table("scene", "version", "effective", "basis", "by")
        for row in commands.rulebooks():
            table.add_row(*map(str, row))
        out.print(table)


@rules_app.command("import")
def rules_import(
    source: Annotated[Path, typer.Argument(help="CSV 文件夹或 XLSX folder of CSV files, or one XLSX", exists=True)],
) -> None:
    """导入新版本。 Import a new version; it holds from the date that its table 'book' names."""
    with ready():
        try:
            out.print(commands.import_rules(source))
        except ValueError as error:
            raise fail(str(error)) from error


@rules_app.command("export")
def rules_export(
    scene: str,
    target: Annotated[Path, typer.Argument(help="文件夹或 .xlsx folder or .xlsx")],
    version: Annotated[str, typer.Option(help="版本 default: the one in force today")] = "",
) -> None:
    """导出。 Write a rulebook as CSV files or XLSX."""
    with ready():
        try:
            commands.export_rules(scene, version, target)
        except LookupError as error:
            raise fail(str(error)) from error
        out.print(f"已写入 / written: {target}")


@rules_app.command("diff")
def rules_diff(
    scene: str,
    old: str,
    new: str,
    target: Annotated[Path | None, typer.Option("--to", help="写成 .csv 或 .xlsx write as .csv or .xlsx")] = None,
) -> None:
    """两个版本有什么不同。 What differs between two versions."""
    with ready():
        try:
            rows = commands.diff_rules(scene, old, new, target)
        except LookupError as error:
            raise fail(str(error)) from error
        table = Table("table", "key", "column", "old", "new")
        for row in rows:
            table.add_row(*map(str, row))
        out.print(table)


@calendar_app.command("set")
def calendar_set(
    day: Annotated[str, typer.Argument(help="YYYY-MM-DD")],
    kind: Annotated[str, typer.Argument(help="work 上班 | rest 放假")],
    basis: Annotated[str, typer.Option(help="依据 notice or decree")],
) -> None:
    """设定一天上班或放假,并重算期限。 Set one day; open due dates are worked out anew."""
    if kind not in {"work", "rest"}:
        raise fail(f"{kind}: 只能是 work 或 rest / write work or rest")
    with ready(), progress("重算期限 recomputing") as step:
        changed = commands.set_day(day_of(day), step, is_working=kind == "work", basis=basis)
    out.print(f"已重算 {changed} 件 / {changed} cases recomputed")


@calendar_app.command("publish")
def calendar_publish(
    year: int, basis: Annotated[str, typer.Option(help="依据 the country's notice for that year")]
) -> None:
    """公布某年的日历,暂估期限重算。 A year's calendar is published: provisional dates are worked out anew."""
    with ready(), progress("重算期限 recomputing") as step:
        changed = commands.publish_year(year, basis, step)
    out.print(f"已重算 {changed} 件 / {changed} cases recomputed")


def main() -> None:
    app()


if __name__ == "__main__":
    main()
