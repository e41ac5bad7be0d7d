"""Measure recognition on photographs that are not in this repository, and write what was found: make accuracy.

Writes docs/accuracy.json, and from it docs/accuracy.md, the shipped operating point and the model cards. Needs the folder of
DeepFace's test photographs as the first argument and the unpacked sdist of face_recognition 1.3.0 as the second; with the one argument ``words`` it
writes the words anew from the figures that are there. Where face_recognition can be imported, it is measured beside, into
docs/accuracy-dlib.json (tests/evaluation/rival.py).
"""

import csv
import json
import math
import shutil
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from pydantic import TypeAdapter

from gate.core.accuracy import n_max_at
from gate.core.operating import OperatingPoint
from gate.evaluation.figures import Curve, Figures, figures
from gate.evaluation.tables import as_markdown, percent, tables_of
from gate.vision.images import read_image
from gate.vision.manifest import load_manifests, load_operating_point, manifest_for
from gate.vision.pipeline import Pipeline
from gate.vision.progress import silent
from gate.vision.trials import folder_trials, pair_trials
from tests.evaluation import rival
from tests.evaluation.cards import card

PROJECT = Path(__file__).parent.parent.parent
MODELS, FIGURES, RIVALS, DOCUMENT = (
    PROJECT / "models",
    PROJECT / "docs" / "accuracy.json",
    PROJECT / "docs" / "accuracy-dlib.json",
    PROJECT / "docs" / "accuracy.md",
)
TABLE = Path(__file__).with_name("photographs.csv")
SEED, FPIR = 1, 0.001
N_MAX = 100
"""Nobody should trust a tail fitted to 1,690 comparisons further than this."""
OF_SDIST = {
    "one": (
        "32bit.png",
        "obama.jpg",
        "obama2.jpg",
        "obama3.jpg",
        "obama_partial_face.jpg",
        "obama_partial_face2.jpg",
    ),
    "two": ("biden.jpg",),
}
NO_CURVE = Curve((), (), (), (), (), ())


@dataclass(frozen=True, slots=True)
class Set:
    """One set of photographs. tuned: whether anything in the product was chosen by looking at it."""

    title: str
    words: str
    tuned: bool
    figures: Figures


KIND = TypeAdapter(dict[str, Set])
SETS = {
    "pairs": (
        "The pairs of DeepFace's unit tests",
        "25 photographs that `pairs.csv` pairs (MIT; public figures, posed, good light). Threshold and margin were set on them.",
        True,
    ),
    "others": (
        "The other photographs of the same tests",
        (
            "36 photographs of the same folder that `pairs.csv` does not name, sorted by person by hand "
            "(`tests/evaluation/photographs.csv`); left out are one mirror image and two photographs of several people. Threshold "
            "and margin were set before they were looked at. They made the threshold rise with the "
            "gallery. Frame quality (ADR 0032) was measured on degraded copies of this folder."
        ),
        True,
    ),
    "all": ("Both together", "The shipped operating point's figures: 61 photographs of 13 people.", True),
    "unseen": (
        "Photographs nobody tuned on",
        (
            "The test photographs in the source distribution of face_recognition 1.3.0 on PyPI (MIT): six of one person, two of "
            "them with half the face cut away, and one of another. Nothing was chosen by them. They are few: a check, not a measurement."
        ),
        False,
    ),
}


@contextmanager
def laid_out(faces, sdist):
    """Give a folder for each set, with one folder of photographs for each person in it, while the block runs."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    people = {
        "pairs": {row["file"]: row["person"] for row in rows if row["set"] == "pairs"},
        "others": {row["file"]: row["person"] for row in rows if row["set"] == "others"},
        "all": {row["file"]: row["person"] for row in rows},
        "unseen": {name: person for person, names in OF_SDIST.items() for name in names},
    }
    with tempfile.TemporaryDirectory() as place:
        folders = {name: Path(place) / name for name in people}
        for name, owners in people.items():
            source = sdist / "tests" / "test_images" if name == "unseen" else faces
            for file, person in owners.items():
                (folders[name] / person).mkdir(parents=True, exist_ok=True)
                shutil.copy(source / file, folders[name] / person / file)
        yield folders


def compare(folders, faces, networks):
    """Give the comparisons of every set."""
    trials = {name: folder_trials(folder, networks, silent) for name, folder in folders.items()}
    return trials | {"pairs": pair_trials(faces / "pairs.csv", networks, silent)}


def measure(trials, point):
    """Give the figures of every set at an operating point."""
    return {
        name: Set(*SETS[name], replace(figures(trials[name], point, seed=SEED, fpir=FPIR), curve=NO_CURVE))
        for name in SETS
    }


def measure_rival(folders, networks):
    """Give what face_recognition did on the same; where it is not there, what it did the last time, which may be nothing."""
    photographs = sorted(folders["all"].glob("*/*"))
    found = rival.measured(
        folders, networks, map(read_image, photographs), seed=SEED, today=datetime.now(UTC).date()
    )
    if found is None:
        sys.stdout.write("not measured: face_recognition cannot be imported; its last figures stand\n")
        before = read_rival()
        return replace(before, beside=False) if before else None
    return found


def shipped(sets, before):
    """Give the operating point of this release: threshold and margin stay, the evidence is that of both sets together."""
    found = sets["all"].figures
    tail = found.operating.tail
    n_threshold, rise = n_max_at(tail.value, FPIR), tail_scale(found)
    return replace(
        before,
        dataset="Photographs of the DeepFace project's unit tests (MIT): public figures, posed, good light (docs/accuracy.md)",
        subjects=found.people,
        images=found.verification.images - found.verification.failure_to_acquire,
        genuine_pairs=found.verification.genuine_pairs,
        impostor_pairs=found.verification.impostor_pairs,
        fmr=replace(
            found.operating.fmr, high=max(found.operating.fmr.high, found.operating.fmr_by_person.high)
        ),
        fnmr=replace(
            found.operating.fnmr, high=max(found.operating.fnmr.high, found.operating.fnmr_by_person.high)
        ),
        n_threshold=n_threshold,
        rise=rise,
        n_max=N_MAX,
        measured=datetime.now(UTC).date(),
        basis=(
            f"No impostor pair of {found.verification.impostor_pairs} reached the threshold (the highest: "
            f"{found.verification.highest_impostor:.3f}). By counting alone that supports no search. A search rests "
            "on an assumption: the larger of a normal and an exponential tail fitted to the impostor scores puts "
            f"{percent(tail.value)} of comparisons at or above it, so that a stranger meets {n_threshold} templates with a chance "
            f"of 0.1 %; for more of them the threshold rises by {rise} with each factor of e, which keeps that chance where the "
            f"tail is exponential. With so few people the fit's own upper bound is {percent(tail.high)} and supports none. Run "
            "gate calibrate on more people."
        ),
    )


def tail_scale(found):
    """Give how much higher a score is that is e times as rare, from the fitted tail at two thresholds; rounded up."""
    lower, upper = found.at_limits[-1], found.operating
    scale = (upper.threshold - lower.threshold) / math.log(lower.tail.value / upper.tail.value)
    return math.ceil(1000 * scale) / 1000


def as_toml(point):
    """Write an operating point as the models' folder keeps it."""
    document = TypeAdapter(OperatingPoint).dump_python(point)
    shares = {name: document.pop(name) for name in ("fmr", "fnmr")}
    lines = [
        f"{key} = {json.dumps(value) if not hasattr(value, 'year') else value}"
        for key, value in document.items()
    ]
    for name, share in shares.items():
        lines += ["", f"[{name}]", *(f"{key} = {value!r}" for key, value in share.items())]
    return "\n".join(lines) + "\n"


def as_document(sets, beside):
    """Give docs/accuracy.md. beside: what dlib did."""
    lines = [
        "# Accuracy",
        "",
        (
            "Made by `make accuracy`; nobody edits it. Every set below was measured with the shipped networks and operating point by "
            "the code behind `gate evaluate` and `gate calibrate`. No photograph is in this repository: give the folder of DeepFace's test "
            "photographs as `make accuracy FACES=...`; those of face_recognition come with pip."
        ),
        "",
        (
            "One photograph is compared with one here, which is harder than the gate's task: it has five captures in a template "
            "and several frames of the visitor. All photographs are of adults who are public figures; nothing here says "
            "anything about children, masks, night, or the people at a gate. **Short of the aim:** FNIR at most 5 % and FPIR "
            "at most 0.1 % are not shown by any set here, for want of people; FNMR at the threshold misses it on the larger sets."
        ),
        "",
        (
            "More people were looked for among what pip and Debian give, and none were found that may be used: face_recognition's source holds "
            "the seven photographs below; dlib's leaves out its examples, 54 photographs of five celebrities without a licence of their own; "
            "the packages named after public face databases hold, by their own description, the code that reads them; scikit-learn fetches its "
            "faces from elsewhere at run time."
        ),
        "",
        "A report of the same with charts: `gate evaluate FOLDER --report DIR`, or `--pairs pairs.csv`; in Chinese with `--lang zh-CN`.",
        "",
    ]
    for each in sets.values():
        tuned = "" if each.tuned else " **Nothing in the product was tuned on it.**"
        lines += [f"## {each.title}", "", each.words + tuned, ""]
        lines += [as_markdown(table) for table in tables_of(each.figures)]
    lines.append(rival.as_section(beside, {name: each.title for name, each in sets.items()}))
    return "\n".join(lines)


def written(sets, point, beside):
    """Give every file that follows from the figures, by its place."""
    made = {DOCUMENT: as_document(sets, beside)}
    for manifest in load_manifests(MODELS):
        made[MODELS / f"{manifest.name}.card.md"] = card(manifest, sets["all"].figures, point)
    return made


def read_figures():
    """Give the figures as they were measured last."""
    return KIND.validate_json(FIGURES.read_bytes())


def read_rival():
    """Give what dlib did the last time it was there; None where it never was."""
    return rival.KIND.validate_json(RIVALS.read_bytes()) if RIVALS.is_file() else None


def main():
    """Measure and write."""
    manifest = manifest_for(MODELS, "embed")
    point = load_operating_point(MODELS, manifest)
    if sys.argv[1:] == ["words"]:
        sets, beside = read_figures(), read_rival()
    else:
        faces, sdist = map(Path, sys.argv[1:])
        networks = Pipeline.load(MODELS, ("cpu",), 2)
        with laid_out(faces, sdist) as folders:
            trials = compare(folders, faces, networks)
            beside = measure_rival(folders, networks)
        point = shipped(measure(trials, point), point)
        sets = measure(trials, point)  # what is told of larger galleries is told of the thresholds that ship
        (MODELS / manifest.operating_point).write_text(as_toml(point), encoding="utf-8")
        FIGURES.write_bytes(KIND.dump_json(sets, indent=1) + b"\n")
        if beside:
            RIVALS.write_bytes(rival.KIND.dump_json(beside, indent=1) + b"\n")
    for path, text in written(sets, point, beside).items():
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"written: {path.relative_to(PROJECT)}\n")


if __name__ == "__main__":
    main()
