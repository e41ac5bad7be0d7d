"""face_recognition on dlib beside ours: the same photographs, the same pairs, the same way of counting.

``make accuracy`` measures it where face_recognition can be imported (models/README.md says how to have it); where it cannot,
the figures of the last time stand in docs/accuracy-dlib.json, and the document says of when they are.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import date
from importlib.metadata import PackageNotFoundError, version

import numpy as np
from pydantic import TypeAdapter

from gate.bench.rivals import import_face_recognition
from gate.core.accuracy import rates_at_fmr, share
from gate.core.operating import Bounded
from gate.evaluation import bootstrap
from gate.evaluation.bootstrap import Resampled
from gate.evaluation.tables import Table, as_markdown, percent, share_words
from gate.vision.detect import Face
from gate.vision.evaluate import FMR_LIMITS
from gate.vision.progress import silent
from gate.vision.trials import folder_trials

OURS, THEIRS, ON_OUR_BOXES = "ours", "dlib", "dlib, told where the face is"
LEAST_OVERLAP = 0.3
"""Both detectors mean the same face."""
NO_LANDMARKS = np.zeros((5, 2), np.float32)


@dataclass(frozen=True, slots=True)
class Way:
    """What one way of finding and comparing did with one set.

    at, by_person: FNMR by the limit set to the false match rate, bounds by counting and by drawing people again; pairs with
    a photograph in which no face was found are in neither. all_in: the same, such a pair counting as not matched.
    """

    photographs: int
    failure_to_acquire: Bounded
    genuine_pairs: int
    impostor_pairs: int
    at: dict[str, Bounded]
    by_person: dict[str, Bounded]
    all_in: dict[str, Bounded]


@dataclass(frozen=True, slots=True)
class Rival:
    """The figures of every way on every set. beside: whether they are of the same run as the rest of the document."""

    measured: date
    version: str
    beside: bool
    sets: dict[str, dict[str, Way]]


KIND = TypeAdapter(Rival)


class Dlib:
    """Finds faces and describes them as face_recognition does by default: HOG, one step up, five landmarks."""

    def __init__(self, library):
        self._library = library
        self._known = {}

    def detect(self, frame):
        """Give the faces; a photograph that stands in several sets is looked at once."""
        key = hashlib.sha256(frame.tobytes()).digest()
        if key not in self._known:
            places = self._library.face_locations(_colours(frame))
            self._known[key] = tuple(
                Face((left, top, right - left, bottom - top), 1.0, NO_LANDMARKS)
                for top, right, bottom, left in places
            )
        return self._known[key]

    def embed(self, frame, face):
        """Give its 128 numbers. They are compared by distance, and are of no particular length."""
        x, y, width, height = face.box
        place = tuple(round(edge) for edge in (y, x + width, y + height, x))
        (described,) = self._library.face_encodings(_colours(frame), [place])
        return described.astype(np.float32)


class OnOurBoxes:
    """dlib on the faces that our detector finds, each box moved to where dlib's own would lie.

    shift, scale: of a box's middle and longer side against our box's, medians over the photographs in which both found the
    face. So dlib's landmarks start where they were trained to.
    """

    def __init__(self, ours, theirs, *, shift=(0.0, 0.0), scale=1.0):
        self._ours, self._theirs = ours, theirs
        self._shift, self._scale = shift, scale

    def detect(self, frame):
        """Give our faces."""
        return self._ours.detect(frame)

    def embed(self, frame, face):
        """Give dlib's description of one."""
        middle, side = _middle(face), _side(face)
        x, y = (at + by * side for at, by in zip(middle, self._shift, strict=True))
        half = side * self._scale / 2
        return self._theirs.embed(frame, replace(face, box=(x - half, y - half, 2 * half, 2 * half)))


def fitted(frames, ours, theirs):
    """Give dlib on our boxes, with the shift and scale that *frames* show."""
    shifts, scales = [], []
    for frame in frames:
        found = [max(each.detect(frame), key=_side, default=None) for each in (ours, theirs)]
        if None in found or overlap(*found) < LEAST_OVERLAP:
            continue
        mine, other = found
        shifts.append([(b - a) / _side(mine) for a, b in zip(_middle(mine), _middle(other), strict=True)])
        scales.append(_side(other) / _side(mine))
    shift, scale = np.median(shifts, axis=0).tolist(), float(np.median(scales))
    return OnOurBoxes(ours, theirs, shift=tuple(shift), scale=scale)


def overlap(first, second):
    """Give the share of both boxes together that lies in both."""
    ranges = []
    for at in (0, 1):
        low = max(first.box[at], second.box[at])
        high = min(first.box[at] + first.box[at + 2], second.box[at] + second.box[at + 2])
        ranges.append(max(0.0, high - low))
    common = ranges[0] * ranges[1]
    return common / (first.area + second.area - common)


def by_distance(trials):
    """Give *trials* compared by the distance between descriptions, nearer being higher, as dlib's are meant."""
    genuine, impostor = [], []
    for i in range(1, len(trials.matrix)):
        scores = -np.linalg.norm(trials.matrix[:i] - trials.matrix[i], axis=1)
        same = trials.owners[:i] == trials.owners[i]
        genuine.append(scores[same])
        impostor.append(scores[~same])
    return replace(trials, genuine=np.concatenate(genuine), impostor=np.concatenate(impostor))


def way_of(trials, pairs, *, seed):
    """Give the figures of *trials*, in which *pairs* pairs of one person were to be compared; seed: of the people drawn again."""
    genuine, impostor = (np.sort(each).data for each in (trials.genuine, trials.impostor))
    rates = {limit: rates_at_fmr(float(limit), genuine, impostor) for limit in FMR_LIMITS}
    resampled = Resampled.of(trials, np.random.default_rng(seed))
    lost = pairs - len(genuine)
    return Way(
        photographs=trials.images,
        failure_to_acquire=share(len(trials.failures), trials.images),
        genuine_pairs=len(genuine),
        impostor_pairs=len(impostor),
        at={limit: each.fnmr for limit, each in rates.items()},
        by_person={limit: bootstrap.fnmr(resampled, each.threshold) for limit, each in rates.items()},
        all_in={
            limit: share(round(each.fnmr.value * len(genuine)) + lost, pairs) for limit, each in rates.items()
        },
    )


def pairs_in(folder):
    """Count the pairs of one person that the photographs of *folder*, one folder for each person, make."""
    counts = [len(list(person.iterdir())) for person in folder.iterdir()]
    return sum(count * (count - 1) // 2 for count in counts)


def measured(folders, ours, frames, *, seed, today):
    """Measure every set of *folders*, by its name; None where face_recognition cannot be imported. *frames*: to fit boxes by."""
    try:
        library = import_face_recognition()
    except ImportError:
        return None
    theirs = Dlib(library)
    told = fitted(frames, ours, theirs)
    sets = {}
    for name, folder in folders.items():
        pairs = pairs_in(folder)
        sets[name] = {
            OURS: way_of(folder_trials(folder, ours, silent), pairs, seed=seed),
            THEIRS: way_of(by_distance(folder_trials(folder, theirs, silent)), pairs, seed=seed),
            ON_OUR_BOXES: way_of(by_distance(folder_trials(folder, told, silent)), pairs, seed=seed),
        }
    return Rival(today, versions(), beside=True, sets=sets)


def versions():
    """Name what was measured."""
    said = []
    for name in ("face_recognition", "dlib-bin", "dlib"):
        try:
            said.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(said)


def as_section(rival, titles):
    """Give the document's section. titles: of the sets, by name."""
    lines = ["## The same photographs by dlib", ""]
    if rival is None:
        return "\n".join([*lines, "Not measured: face_recognition was never there when this was made.", ""])
    when = (
        "in the same run as the rest"
        if rival.beside
        else f"on {rival.measured}, not with the rest: face_recognition was not there when the rest was measured last"
    )
    lines += [
        (
            f"{rival.version}, measured {when}. Photographs, pairs, the choice of the largest face and the way of counting are those "
            "above. dlib runs as face_recognition does by default (its HOG detector on the whole picture, one step up, five landmarks, distance "
            f"of the 128 numbers). *{ON_OUR_BOXES}*: the faces our detector found, their boxes moved and resized by one "
            "median to where dlib's own lie, which spares it what its detector misses. Each way's threshold is set on the very pairs "
            "it is measured on, ours too. Either may have been trained on photographs of these people: they are public figures."
        ),
        "",
        verdict(rival.sets["all"]),
        "",
    ]
    lines += [as_markdown(_table(titles[name], ways)) for name, ways in rival.sets.items()]
    return "\n".join(lines)


def verdict(ways):
    """Say whether the aim, half of dlib's FNMR at FMR 0.001, is met on one set, and whether its bounds show it."""
    limit = "0.001"
    mine = ways[OURS].at[limit]
    sentences = []
    for name in (THEIRS, ON_OUR_BOXES):
        other = ways[name].at[limit]
        met = mine.value <= other.value / 2 and other.value > 0
        sure = mine.high <= other.low / 2
        sentences.append(
            f"{name}: {percent(other.value)} ({percent(other.low)} to {percent(other.high)}), "
            + ("met" if met else "**not met**")
            + (
                ", and so say the bounds by counting"
                if met and sure
                else ", though the bounds by counting leave room for the opposite"
                if met
                else ""
            )
        )
    return (
        f"**The aim is half of dlib's FNMR at FMR 0.001.** On both sets together ours is {share_words(mine)}. Against "
        + "; against ".join(sentences)
        + "."
    )


def _table(title, ways):
    return Table(
        title,
        "FNMR at a limit to the false match rate: bounds by counting, then the upper bound by drawing people again. All in: a pair "
        "with a photograph in which no face was found counts as not matched.",
        (
            *("by", "failure to acquire", "pairs of one person", "of two people"),
            *("FNMR at FMR 1 %", "FNMR at FMR 0.1 %", "FNMR at FMR 0", "all in, at FMR 0.1 %"),
        ),
        tuple(
            (
                name,
                share_words(way.failure_to_acquire),
                str(way.genuine_pairs),
                str(way.impostor_pairs),
                *(
                    f"{share_words(way.at[limit])}; {percent(way.by_person[limit].high)}"
                    for limit in FMR_LIMITS
                ),
                share_words(way.all_in["0.001"]),
            )
            for name, way in ways.items()
        ),
    )


def _colours(frame):
    return np.ascontiguousarray(frame[:, :, ::-1])


def _middle(face):
    x, y, width, height = face.box
    return x + width / 2, y + height / 2


def _side(face):
    return max(face.box[2:])
