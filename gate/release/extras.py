"""What an operator may bring into the gate's environment besides its lock: libraries that must be compiled on the device.

They are named in a file beside the releases, so that every next release is made with them; what was compiled is kept there
too, for as long as its lock stays. The locks lie in the gate's wheel, which the makers signed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from gate.errors import DeviceFault, RequestError
from gate.programs import run, without_python
from gate.release.place import Installed, Place
from gate.wholefiles import sweep_partial, write_whole

EXTRAS_NAME: Final = "extras"
BUILT_NAME: Final = "built"
WHEELS_VARIABLE: Final = "GATE_WHEELHOUSE"
LOCKS: Final = Path("share") / "gate" / "locks"
BUILD_LOCK: Final = "requirements-tpm-build.lock"
"""What compiles all of them, kept out of the environment itself."""
_PATIENCE_S: Final = 3600
_ASK_S: Final = 30


class Extra(StrEnum):
    """What can be brought."""

    TPM = "tpm"
    READERS = "readers"


@dataclass(frozen=True, slots=True)
class Needs:
    """What one of them takes. modules: what can be imported once it is there; for the rest, what compiling asks for.

    libraries: as pkg-config names them. headers: below /usr/include. packages: Debian's, that bring all of this.
    """

    lock: str
    modules: tuple[str, ...]
    programs: tuple[str, ...]
    libraries: tuple[str, ...]
    headers: tuple[str, ...]
    packages: tuple[str, ...]


NEEDS: Final[Mapping[Extra, Needs]] = {
    Extra.TPM: Needs(
        lock="requirements-tpm.lock",
        modules=("tpm2_pytss",),
        programs=("cc", "pkg-config"),
        libraries=("tss2-esys",),
        headers=(),
        packages=("gcc", "libc6-dev", "pkg-config", "python3-dev", "libtss2-dev"),
    ),
    Extra.READERS: Needs(
        lock="requirements-readers.lock",
        modules=("evdev", "smartcard.scard"),
        programs=("cc", "pkg-config", "swig"),
        libraries=("libpcsclite",),
        headers=("linux/input.h",),
        packages=("gcc", "linux-libc-dev", "libc6-dev", "pkg-config", "python3-dev", "swig", "libpcsclite-dev", "pcscd"),
    ),
}  # fmt: skip


def wanted(place: Place) -> tuple[Extra, ...]:
    """Give what every release here is to have. Raises RequestError ``extras-unclear``."""
    try:
        return tuple(Extra(word) for word in (place.root / EXTRAS_NAME).read_text(encoding="ascii").split())
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        raise RequestError(
            "extras-unclear",
            f"{place.root / EXTRAS_NAME} names something that cannot be brought.",
            remedy=f"It takes {' and '.join(Extra)}, a line each; or remove it.",
        ) from error


def note_wanted(place: Place, extras: Iterable[Extra]) -> None:
    """Have every release from now on brought with *extras*, and with nothing else besides. Raises OSError."""
    names = sorted(set(extras))
    sweep_partial(place.root / EXTRAS_NAME)
    write_whole(place.root / EXTRAS_NAME, "".join(f"{name}\n" for name in names).encode(), mode=0o644)


def wheelhouse() -> Path | None:
    """Give the folder that GATE_WHEELHOUSE names: there, and not at PyPI, is what is installed."""
    given = os.environ.get(WHEELS_VARIABLE)
    return Path(given) if given else None


def bring(place: Place, extra: Extra, release: Installed) -> None:
    """Install *extra* into the environment of *release*, compiled where it was not before; there already, nothing is done.

    Raises RequestError ``extra-tools`` with the packages to install, ``extra-unknown``; DeviceFault ``extra-not-made``.
    """
    needs = NEEDS[extra]
    if is_there(extra, release):
        return
    lock, tools_lock = (release.folder / LOCKS / name for name in (needs.lock, BUILD_LOCK))
    if not (lock.is_file() and tools_lock.is_file()):
        raise RequestError(
            "extra-unknown",
            f"gate {release.version} does not know how {extra} is brought.",
            remedy=f"Take a newer release; or go without it: gate update drop {extra}.",
        )
    # -P, here and below: root runs nothing out of the folder where it happens to stand.
    pip = [str(release.python), "-P", "-m", "pip", "--disable-pip-version-check", "--no-cache-dir"]
    # Compiled for one processor and one Python, out of one lock: these bytes and no others.
    of_lock = hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    built = place.root / BUILT_NAME / f"{extra}-{sys.implementation.cache_tag}-{of_lock}"
    with tempfile.TemporaryDirectory(dir=place.releases, prefix="making-") as name:
        try:
            _install(extra, pip, built, name, release)
        except DeviceFault:
            # Nothing was compiled; or a power cut left half of it; or it was for libraries that the system has no more.
            _refuse_without_tools(extra, needs)
            _compile(extra, pip, (tools_lock, lock), Path(name))
            _keep(Path(name) / "made", built)
            _install(extra, pip, built, name, release)
    os.sync()


def bring_wanted(place: Place, release: Installed) -> None:
    """Bring whatever *release* lacks of what every release is to have. Raises what ``wanted`` and ``bring`` raise."""
    for extra in wanted(place):
        bring(place, extra, release)


def _install(extra: Extra, pip: list[str], built: Path, temporary: str, release: Installed) -> None:
    """Install what *built* keeps. Raises DeviceFault ``extra-not-made``."""
    wheels = [str(path) for path in sorted(built.glob("*.whl"))]
    if not wheels:
        raise _not_made(extra, "nothing was compiled")
    # Over what half of an installation left: pip would take that for whole, or fail to remove it.
    over = ["--quiet", "--ignore-installed", "--no-index", "--no-deps"]
    _do(extra, temporary, [*pip, "install", *over, *wheels])
    if not is_there(extra, release):
        raise _not_made(extra, "it was installed, and cannot be loaded")


def _keep(made: Path, built: Path) -> None:
    """Put *made* in the place of *built*, with every byte on the disk before it has that name."""
    os.sync()
    built.parent.mkdir(mode=0o755, exist_ok=True)
    shutil.rmtree(built, ignore_errors=True)
    made.replace(built)


def _compile(extra: Extra, pip: list[str], locks: tuple[Path, Path], folder: Path) -> None:
    """Make the wheels in ``made`` of *folder*; what compiles them stays out of the environment."""
    tools_lock, lock = locks
    source = [] if (wheels := wheelhouse()) is None else ["--no-index", "--find-links", str(wheels)]
    locked = ["--quiet", "--require-hashes", "--no-build-isolation", *source]
    tools = str(folder / "tools")
    _do(extra, str(folder), [*pip, "install", *locked, "--target", tools, "-r", str(tools_lock)])
    made = ["--wheel-dir", str(folder / "made"), "-r", str(lock)]
    _do(extra, str(folder), [*pip, "wheel", *locked, *made], PYTHONPATH=tools)


def is_there(extra: Extra, release: Installed) -> bool:
    """Tell whether the environment of *release* can load it."""
    loading = f"import {', '.join(NEEDS[extra].modules)}"
    return run([release.python, "-P", "-c", loading], patience_s=_ASK_S, environment=without_python()).well


def _refuse_without_tools(extra: Extra, needs: Needs) -> None:
    missing = [name for name in needs.programs if shutil.which(name) is None]
    missing += [
        name for name in needs.libraries if not run(["pkg-config", "--exists", name], patience_s=_ASK_S).well
    ]
    headers = [Path("/usr/include") / name for name in needs.headers]
    headers.append(Path(sysconfig.get_path("include")) / "Python.h")
    missing += [path.name for path in headers if not path.exists()]
    if missing:
        raise RequestError(
            "extra-tools",
            f"{extra} is compiled on this device, and for that it lacks {', '.join(missing)}; nothing was changed.",
            remedy=f"apt-get install {' '.join(needs.packages)}",
        )


def _do(extra: Extra, temporary: str, command: list[str], **variables: str) -> None:
    done = run(command, patience_s=_PATIENCE_S, environment=without_python(TMPDIR=temporary, **variables))
    if not done.well:
        raise _not_made(extra, done.why)


def _not_made(extra: Extra, why: str) -> DeviceFault:
    return DeviceFault(
        "extra-not-made",
        f"{extra} could not be brought: {why}.",
        remedy="Where there is no network, name a folder with the sources (GATE_WHEELHOUSE); a release without it: "
        f"gate update drop {extra}.",
    )
