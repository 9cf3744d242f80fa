"""push, verify: publish a dataset folder on the Hub as one release, and check a release against its own ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from itdr_hf.cli import completion
from itdr_hf.cli.options import FOLDER, GATED, Endpoint, Folder, Json, one_of
from itdr_hf.runtime.terminal import print_line


def push(
    *,
    folder: Folder = FOLDER,
    repo_id: Annotated[str, typer.Option(help="Such as someone/itdr; created if it does not exist.")],
    public: Annotated[bool, typer.Option("--public/--private", help="Who may read it.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan, send nothing.")] = False,
    allow: Annotated[
        list[str] | None,
        typer.Option(
            help="Publish this source although its licence does not allow it; your decision.",
            autocompletion=completion.sources,
        ),
    ] = None,
    delete: Annotated[list[str] | None, typer.Option(help="A file or folder of an older release to remove.")] = None,
    create_pr: Annotated[bool, typer.Option("--create-pr", help="As a pull request, without a tag.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a card not written by itdr.")] = False,
    despite_breaches: Annotated[
        bool, typer.Option("--despite-breaches", help="Publish although the audit found breaches.")
    ] = False,
    version: Annotated[
        str | None, typer.Option(help="Of the release; default: by the Hub's tags and what changed.")
    ] = None,
    gated: Annotated[str | None, one_of(GATED, help="Require readers to request access.")] = None,
    endpoint: Endpoint = None,
    json: Json = False,
) -> None:
    """Publish a dataset folder: audited, in one commit, verified, tagged. A second push changes nothing.

    The version is raised by what changed since the latest release: recipe 2.0.0, data 1.1.0, card 1.0.1.

    The token is that of `hf auth login` or $HF_TOKEN.
    """
    from dataclasses import asdict

    from itdr_hf import hub
    from itdr_hf.cli.show_build import print_plan
    from itdr_hf.dataset import Dataset
    from itdr_hf.dataset.audit.noted import breaches_of
    from itdr_hf.runtime.terminal import print_json, show_progress

    dataset = Dataset.open(folder).as_built()
    hub.check_complete(dataset)
    sources = {cell.source: dataset.catalogue.source(cell.source) for cell in dataset.cells.values()}
    hub.check_redistribution(sources.values(), public=public, allowed=allow or ())
    with show_progress("auditing") as progress:
        hub.check_audit(folder, breaches_of(dataset, progress=progress), despite=despite_breaches)
    api = hub.connect(endpoint=endpoint)
    chosen = hub.next_release(api, dataset, repo_id, asked=version)
    with hub.stamped(dataset, repo_id, chosen, keep=not dry_run):
        plan = hub.plan_push(api, folder, repo_id, delete=delete or ())
        if not json:
            print_plan(plan.rows(), f"{plan.summary()}\n{chosen.sentence}")
        if dry_run:
            return print_json({**plan.as_dict(), "version": chosen.version, "since": chosen.since}) if json else None
        with show_progress(f"pushing to {repo_id}") as progress:
            release = hub.push_folder(
                api, folder, repo_id, private=not public, delete=delete or (), create_pr=create_pr, force=force,
                gated=gated,  # type: ignore[arg-type]
                progress=progress,
            )  # fmt: skip
    if json:
        return print_json(asdict(release))
    print_line(f"{'pushed' if release.committed else 'nothing to push'}: {release.pr_url or release.url}")
    if release.changed_since:
        names = ", ".join(release.changed_since[:5])
        print_line(f"The release stands; {names} on main was changed since, and is left as it is.")
    print_line(
        f'\n    load_dataset("{repo_id}", "{next(iter(dataset.cells))}", revision="{release.tag or release.commit}")'
    )


def verify(
    repo_id: Annotated[str | None, typer.Argument(help="A published release, such as someone/itdr.")] = None,
    revision: Annotated[str, typer.Option(help="A tag or commit.")] = "main",
    rebuilt: Annotated[Path | None, typer.Option(help="A local dataset folder to compare.")] = None,
    against: Annotated[str | None, typer.Option(help="With --rebuilt: someone/itdr@v2.0.0, or a folder.")] = None,
    endpoint: Endpoint = None,
    json: Json = False,
) -> None:
    """Check that every file of a published release is present with the right sha256. Exit 1 if not.

    With --rebuilt FOLDER --against RELEASE, compare local cells with published ones, using only the ledgers.
    """
    from itdr_hf import hub
    from itdr_hf.cli.lock import print_rebuilt
    from itdr_hf.errors import UsageError
    from itdr_hf.runtime.terminal import print_json, show_progress

    if rebuilt and (wanted := against or repo_id):
        raise typer.Exit(0 if print_rebuilt(rebuilt, wanted, endpoint, json) else 1)
    if repo_id is None:
        raise UsageError(
            "verify: no release; want someone/itdr, or --rebuilt FOLDER --against someone/itdr@v2.0.0; name it"
        )

    with show_progress(f"verifying {repo_id}") as progress:
        problems = hub.verify_release(
            hub.connect(endpoint=endpoint),
            repo_id,
            revision,
            progress=progress,
        )
    if json:
        print_json({"repo_id": repo_id, "revision": revision, "problems": problems})
    else:
        print_line("\n".join(problems) or f"{repo_id}@{revision}: complete, as listed in its ledger")
    raise typer.Exit(1 if problems else 0)
