"""``gate evaluate``: figures of recognition on photographs, and of attacks. Nothing of them is stored."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gate.commands.models import MODELS_DIR, show_progress
from gate.commands.notice import Language
from gate.commands.photographs import (
    FPIR_AIM,
    THREADS,
    Folder,
    Fpir,
    Groups,
    Pairs,
    Seed,
    groups_from,
    trials_from,
)
from gate.commands.results import write_result
from gate.errors import RequestError

if TYPE_CHECKING:
    from gate.core.operating import OperatingPoint
    from gate.evaluation.attacks import Species
    from gate.evaluation.figures import Figures
    from gate.vision.pipeline import Pipeline


def evaluate(
    folder: Folder = None,
    pairs: Pairs = None,
    output: Annotated[Path | None, typer.Option("--json", help="Write the figures here.")] = None,
    *,
    attacks: Annotated[
        Path | None, typer.Option(help="One folder per species of attack, and one called live.")
    ] = None,
    groups: Groups = None,
    against: Annotated[
        Path | None, typer.Option(help="The manifest of another recognition network, compared on the same.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="A folder for one HTML report and its charts.")] = None,
    language: Annotated[Language, typer.Option("--lang", help="Of the report.")] = Language.ENGLISH,
    seed: Seed = 1,
    fpir: Fpir = FPIR_AIM,
) -> None:
    """Measure recognition on images; nothing of them is stored."""
    from gate.vision.manifest import load_operating_point, manifest_for
    from gate.vision.pipeline import Pipeline

    given = sum((folder is not None, pairs is not None))
    if given > 1 or (not given and (attacks is None or report is not None)):
        raise typer.BadParameter("give a folder, or --pairs FILE.csv, and not both")
    if report is not None:
        from gate.evaluation.charts import require_matplotlib

        require_matplotlib()  # before work that takes its time
    of, point = groups_from(groups), load_operating_point(MODELS_DIR, manifest_for(MODELS_DIR, "embed"))
    made: dict[str, Figures] = {}
    judged: list[Species] = []

    def work() -> str:
        from gate.evaluation.figures import figures

        pipeline = Pipeline.load(MODELS_DIR, ("cpu",), THREADS)
        networks = [(point.model, pipeline), *([_other(against)] if against else [])] if given else []
        for name, each in networks:
            trials = trials_from(folder, pairs, each)
            made[name] = figures(trials, point, seed=seed, fpir=fpir, groups=of)
        judged.extend(_attacks(attacks, pipeline))
        return json.dumps(_document(made, judged), indent=2)

    write_result(work, output)
    if report is not None:
        _write_report(report, point, made, judged, language)


def _other(manifest_file: Path) -> tuple[str, Pipeline]:
    """Open the shipped detector with another recognition network."""
    from pydantic import TypeAdapter

    from gate.vision.manifest import Manifest, manifest_for, read_toml
    from gate.vision.pipeline import Pipeline
    from gate.vision.sessions import open_session

    manifest = read_toml(manifest_file, TypeAdapter(Manifest))
    if manifest.task != "embed":
        raise RequestError(
            "evaluation-model",
            f"{manifest_file} is the manifest of no recognition network.",
            remedy="Name one whose task is 'embed'.",
        )
    detector = open_session(manifest_for(MODELS_DIR, "detect"), MODELS_DIR, threads=THREADS)
    embedder = open_session(manifest, manifest_file.parent, threads=THREADS)
    return f"{manifest.name} ({manifest_file.parent.name})", Pipeline(detector, embedder)


def _attacks(folder: Path | None, pipeline: Pipeline) -> Sequence[Species]:
    if folder is None:
        return ()
    from gate.evaluation.attacks import judge_attacks
    from gate.vision.liveness import Liveness

    return judge_attacks(folder, pipeline, Liveness.load(MODELS_DIR, ("cpu",), THREADS), show_progress)


def _document(made: dict[str, Figures], judged: Sequence[Species]) -> dict[str, object]:
    """Give the figures as JSON: those of the network in force at the top, as ever; the rest under names of their own."""
    from pydantic import TypeAdapter

    from gate.evaluation.attacks import Species
    from gate.evaluation.figures import Figures

    dumped = {name: TypeAdapter(Figures).dump_python(each, mode="json") for name, each in made.items()}
    document: dict[str, object] = {}
    for number, (name, each) in enumerate(dumped.items()):
        if number == 0:
            document |= each.pop("verification") | {"figures": each}
        else:
            document["against"] = {"model": name} | each
    if judged:
        document["attacks"] = TypeAdapter(Sequence[Species]).dump_python(judged, mode="json")
    return document


def _write_report(
    folder: Path,
    point: OperatingPoint,
    made: dict[str, Figures],
    judged: Sequence[Species],
    language: Language,
) -> None:
    from gate.evaluation.report import Made, write_report

    if not made:
        raise RequestError(
            "report-empty",
            "A report is about photographs of people.",
            remedy="Give a folder or --pairs as well.",
        )
    path = write_report(Made(point.threshold, made, judged), folder, language=language.value)
    typer.echo(f"written: {path}")
