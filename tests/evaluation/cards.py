"""A card for each network: what it is, for what, how well, and what nobody knows. From its manifest and the figures alone."""

from gate.evaluation.tables import percent, share_words

JOB = {
    "detect": "Finds faces and five landmarks in a frame. It tells nothing about whose face it is.",
    "embed": "Turns one aligned face into numbers that are alike for one person. It is trained by its makers and by nobody else: "
    "nothing is trained on residents (R34).",
    "liveness": "Says how much one picture looks like a living face. One weak signal among several, never alone (docs/liveness.md).",
}
NOT_FOR = "Not for age, sex, emotion or ethnicity (R33), for watching people who did not ask, for attendance, or for finding somebody."


def card(manifest, found, point):
    """Give the card of one network. found: the figures of both sets together; point: the shipped operating point."""
    rows = [
        ("name", manifest.name),
        ("description", manifest.description),
        ("licence", manifest.licence),
        ("commercial use", "allowed" if manifest.commercial_use else "not allowed"),
        (
            "input",
            f"{manifest.input.colour}, {manifest.input.low:g} to {manifest.input.high:g}, {list(manifest.input.shape)}",
        ),
        ("sha256 as it runs", f"`{manifest.sha256}`"),
        ("sha256 as published", f"`{manifest.original.sha256}`"),
        ("made by", ", ".join(manifest.steps) or "nothing: it runs as published"),
    ]
    lines = [
        f"# Model card: {manifest.name}",
        "",
        "Made by `make accuracy` from the manifest and docs/accuracy.json; nobody edits it.",
        "",
        "| | |",
        "| --- | --- |",
        *(f"| {name} | {value} |" for name, value in rows),
        "",
        "## For what",
        "",
        JOB[manifest.task],
        NOT_FOR,
        "",
        "## How well",
        "",
        *_figures(manifest.task, found, point),
        "",
        "## What nobody knows here",
        "",
        (
            "What it was trained on is its makers' knowledge, and photographs of people who were not asked are likely among it. How its "
            "errors differ between groups of people is not measured: no labelled set is at hand. `gate evaluate --groups` measures "
            "it where a site has one."
        ),
    ]
    return "\n".join(lines) + "\n"


def _figures(task, found, point):
    if task == "detect":
        seen = found.verification
        return [
            f"Failure to acquire, {seen.images} photographs that each show a face: {share_words(seen.failure_to_acquire_rate)}.",
            "Faces from 48 px, at what working size: [README.md](README.md).",
        ]
    if task == "embed":
        at = found.operating
        return [
            (
                f"At the threshold of {point.threshold:g}, {found.verification.impostor_pairs} pairs of two people and "
                f"{found.verification.genuine_pairs} of one, of {found.people} people: FMR {share_words(at.fmr)}, FNMR "
                f"{share_words(at.fnmr)}, 95 % bounds by counting; by drawing people again FNMR at most "
                f"{percent(at.fnmr_by_person.high)}."
            ),
            f"A search is allowed among at most {point.n_max} templates. {point.basis}",
            "",
            "All figures and how they were made: [docs/accuracy.md](../docs/accuracy.md).",
        ]
    return ["Figures by species of attack, failures included: docs/liveness.md."]
