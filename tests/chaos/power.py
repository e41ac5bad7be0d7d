"""A power cut: what was written and not synced is gone, or there in part, as a disk may choose.

Covered: every fsync and fdatasync of the real processes (tests/chaos/power.c, preloaded), file contents in blocks of
4 KiB, and names, which last only once their folder was synced. Not covered: a disk that says it kept what it did not,
and writes through a memory map (SQLite maps its index of the log alone, and rebuilds that after a crash).
"""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

BLOCK = 4096
_MAPPED = "-shm"
"""SQLite's index of its log is never synced: whoever opens the database first after a crash makes it anew."""


class Disk:
    """The folders of one gate, with what of them would outlive a power cut kept in *kept*."""

    def __init__(self, roots: tuple[Path, ...], kept: Path) -> None:
        self._roots = roots
        self._kept = kept
        self.sync()

    @property
    def environment(self) -> dict[str, str]:
        """Give what a process must be started with, beside the layer itself."""
        return {
            "POWER_ROOTS": ":".join(map(str, self._roots)),
            "POWER_KEPT": str(self._kept),
        }

    def sync(self) -> None:
        """Take everything as it is now for kept, as after a start in good order."""
        shutil.rmtree(self._kept, ignore_errors=True)
        self._kept.mkdir(mode=0o700)
        for root in self._roots:
            for folder, _, files in os.walk(root):
                names = [(entry.inode(), entry.name) for entry in os.scandir(folder)]
                text = "".join(f"{inode} {name}\n" for inode, name in names)
                (self._kept / f"d{Path(folder).stat().st_ino}").write_text(text)
                for name in files:
                    path = Path(folder) / name
                    shutil.copyfile(path, self._kept / f"f{path.stat().st_ino}")

    def cut_at(self, syncs: int) -> None:
        """Let the process be killed at so manieth sync from now on: 0 is the next."""
        part = self._kept / ".cut"
        part.write_text(f"{syncs}\n")
        part.rename(self._kept / "cut")

    def cut(self, chance: random.Random, survives: float) -> int:
        """Put back what a power cut leaves, the processes being dead; give how many blocks were lost.

        survives: the share of the blocks written and not synced that reached the disk all the same.
        """
        lost = 0
        for root in self._roots:
            left, gone = self._left(root, chance, survives)
            lost += gone
            for entry in list(root.iterdir()):
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
            for name, content in left.items():
                path = root / name
                if content is None:
                    path.mkdir(mode=0o700, exist_ok=True)
                else:
                    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                    path.write_bytes(content)
                    path.chmod(0o600)
        self.sync()
        return lost

    def _left(
        self, folder: Path, chance: random.Random, survives: float
    ) -> tuple[dict[str, bytes | None], int]:
        """Give what is left below *folder*: names with contents, None for a folder, and how many blocks are not."""
        live = {entry.inode(): Path(entry.path) for entry in os.scandir(folder)}
        left: dict[str, bytes | None] = {}
        lost = 0
        for line in (self._kept / f"d{folder.stat().st_ino}").read_text().splitlines():
            number, _, name = line.partition(" ")
            inode = int(number)
            if name.endswith(_MAPPED):
                continue
            if (self._kept / f"d{inode}").exists():
                left[name] = None
                inner, gone = self._left(live[inode], chance, survives) if inode in live else ({}, 0)
                left |= {f"{name}/{each}": content for each, content in inner.items()}
            else:
                left[name], gone = self._content(inode, live.get(inode), chance, survives)
            lost += gone
        return left, lost

    def _content(
        self, inode: int, path: Path | None, chance: random.Random, survives: float
    ) -> tuple[bytes, int]:
        kept = self._kept / f"f{inode}"
        old = kept.read_bytes() if kept.exists() else b""
        new = path.read_bytes() if path else b""
        if not new or old == new:
            return old, 0
        blocks, lost = [], 0
        for at in range(0, max(len(old), len(new)), BLOCK):
            was, would = old[at : at + BLOCK], new[at : at + BLOCK]
            stays = was != would and chance.random() < survives
            blocks.append(would if stays else was)
            lost += was != would and not stays
            if stays and len(would) < BLOCK:
                break
        return b"".join(blocks), lost
