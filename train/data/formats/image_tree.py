"""Finds the images below a folder: those of each split and each class, with notes on what is left out."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from ...errors import BadInput
from .image import ENDINGS, FORMS, files_below

__all__ = ["Classes", "check_parts", "classified", "counted_classes", "split_folders"]

Classes = Literal["first", "path"]
"""What names the class of an image in folders within folders: the first of them, or their whole path."""

_SPLITS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}  # by the names of their folders
_PURPOSES = {"train": "training", "val": "validation", "test": "testing"}
_SHOWN = 12  # classes in a line


def split_folders(root: Path, notes: list[str], test: Path | None = None) -> dict[str, Path]:
    """Returns the folder of each split, with a note on them; only the root, under the name "", if there are no splits.

    Args:
        root: folder of the images.
        notes: lines for the user, to which one is appended.
        test: folder of the test images elsewhere; None: they are in the root, if anywhere.

    Raises:
        BadInput: if one split has two folders, or other images lie beside the splits.
    """
    folders = [each for each in _visible(root) if each.is_dir()]
    known = [(_SPLITS[each.name.lower()], each) for each in folders if each.name.lower() in _SPLITS]
    found = dict(known)
    alone = test is not None and len(folders) == 1  # a folder train, the test images are elsewhere
    if "train" not in found or not (alone or len(found) > 1):
        return {"": root} if test is None else _noted(root, {"train": root, "test": test}, notes)
    if test is not None:
        if "test" in found:
            raise BadInput(f"--d.test-folder {test}: {root} has test images of its own, {found['test'].name}/: omit it")
        found["test"] = test
    if "test" not in found:
        found["test"] = found.pop("val")
    found = {split: found[split] for split in _PURPOSES if split in found}
    others = [f"{each.name}/" for each in folders if each.name.lower() not in _SPLITS and files_below(each)[0]]
    others += [each.name for each in _images(root)]
    if others or len(known) > len(found) - (test is not None):
        names = ", ".join(f"{each.name}/" for _, each in known)
        raise BadInput(
            f"--d.folder {root} has splits, {names}, {f'beside {others[0]}' if others else 'one of them twice'}: move "
            "what is no split away, or rename these folders if they are classes"
        )
    return _noted(root, found, notes)


def _noted(root: Path, found: dict[str, Path], notes: list[str]) -> dict[str, Path]:
    """Returns the folders of the splits after a note on them."""
    told = [f"{_place(path, root)} for {_PURPOSES[split]}" for split, path in found.items()]
    notes.append(f"{root}: {', '.join(told)}; --d.test-share and --d.seed have no effect")
    return found


def _place(path: Path, root: Path) -> str:
    if path == root:
        return "all"
    return f"{path.name}/" if path.parent == root else str(path)


def check_parts(root: Path, places: dict[str, Path], parts: dict[str, list[tuple[Path, str]]]) -> None:
    """Raises BadInput if there are too few images, or one split has classes and another has none."""
    few = next((split for split in places if len(parts[split]) < (1 if split else 2)), None)
    if few is not None:
        least = "images" if len(places) > 1 else "at least 2 images"
        flag = "--d.test-folder" if few == "test" and places[few].parent != root else "--d.folder"
        raise BadInput(f"{flag} {places[few]}: expected {least} ({FORMS}) in it or in its subfolders")
    flat = {split: parts[split][0][0].parent == path for split, path in places.items()}
    if len(set(flat.values())) > 1:
        one, other = (next(places[split].name for split in flat if flat[split] == each) for each in (True, False))
        raise BadInput(
            f"--d.folder {root}: {other}/ has a subfolder per class, and the images of {one}/ have no class: sort them "
            f"into the same subfolders, or move {one}/ away"
        )


def classified(folder: Path, root: Path, notes: list[str], names: Classes = "first") -> list[tuple[Path, str]]:
    """Returns the images in order, each with the name of its class; without subfolders that of the root."""
    here = [(path, root.resolve().name) for path in _images(folder)]
    classes = {each.name: files_below(each) for each in _visible(folder) if each.is_dir()}
    below = [(path, name) for name, (images, _) in classes.items() for path in images]
    if here and below:
        raise BadInput(
            f"--d.folder {folder} has images ({here[0][0].name}) and subfolders of images ({below[0][1]}/): "
            "move all into subfolders, one per class, or none"
        )
    beside = [path for path in _visible(folder) if not path.is_dir() and path not in dict(here)]
    found = (_left_out(folder, beside), *(_left_out(folder / name, each[1]) for name, each in classes.items()))
    notes += [note for note in found if note]
    deeper = [path.parent.relative_to(folder).as_posix() for path, name in below if path.parent != folder / name]
    if deeper:
        taken = {"first": "the first folder is their class", "path": "the whole path is their class"}[names]
        other = {"first": "path makes it the whole path", "path": "first makes it the first folder"}[names]
        notes.append(f"{folder}: {len(deeper)} images lie deeper ({deeper[0]}/); {taken} (--d.classes {other})")
    empty = [] if here or not below else [name for name, (images, _) in classes.items() if not images]
    if empty:
        raise BadInput(
            f"{folder / empty[0]} has no images ({FORMS}), so the class {empty[0]} would vanish: convert "
            "its files, or move the folder away"
        )
    if names == "path":
        below = [(path, path.parent.relative_to(folder).as_posix()) for path, _ in below]
    return here + below


def counted_classes(files: list[tuple[Path, str]]) -> str:
    """Describes the classes with their numbers of images."""
    counts = Counter(name for _, name in files)
    told = ", ".join(f"{name} ({count:,})" for name, count in sorted(counts.items())[:_SHOWN])
    return f"{len(counts):,} class{'es' * (len(counts) > 1)}: {told}{', ...' * (len(counts) > _SHOWN)}"


def _left_out(folder: Path, others: list[Path]) -> str:
    """Returns a line on files that are no images; empty if there are none."""
    if not others:
        return ""
    endings = sorted({path.suffix.lower() or "(none)" for path in others})
    return f"{folder}: {len(others)} files left out that are not images that are read ({', '.join(endings[:9])})"


def _images(folder: Path) -> Iterator[Path]:
    return (path for path in _visible(folder) if path.suffix.lower() in ENDINGS and path.is_file())


def _visible(folder: Path) -> list[Path]:
    """Lists a folder in the order of names, without hidden files."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise BadInput(f"--d.folder {folder} cannot be read: {error.strerror or error}") from error
