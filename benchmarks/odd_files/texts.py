"""Text files: any characters of Unicode, few or many, in lines of any ending, and bytes that are no text."""

from pathlib import Path

import numpy as np

from zoo.train.data.vocabulary import UNKNOWN, Vocabulary

from .case import Case, Random, chance, check, pick

__all__ = ["texts"]

_ALPHABETS = (
    "ACGT", "ab", "a", "the cat sat on a mat. ", "01\n", "żółć 汉字 ", "👩\u200d👧🏳️e\u0301 ", "\u2028\x85\x0b\x0c x",
    "\t \n",     "א ב\u200f", "x\x00y", "<unk> a", "\r", "".join(map(chr, range(32, 400))),
)  # fmt: skip


def texts(random: Random, folder: Path) -> Case:
    """Writes a text file."""
    alphabet = list(pick(random, _ALPHABETS))
    length = int(pick(random, (400, 400, 150, 150, 40, 40, 11, 1, 0)))
    shares = random.dirichlet(np.full(len(alphabet), pick(random, (0.1, 1.0, 10.0))))
    text = "".join(random.choice(alphabet, length, p=shares)) if length else ""
    raw, refused, oddity = text.encode(), None, f"{length} of {len(alphabet)}"
    if not text.strip():
        refused = True
    if chance(random, 0.1):
        raw = b"\xef\xbb\xbf" + raw
    if chance(random, 0.1) and text:
        raw, refused, oddity = raw + b"\xff\xfe", True, "not UTF-8"
    (folder / "all.txt").write_bytes(raw)
    text = text.replace("\r\n", "\n")
    level = pick(random, ("characters", "characters", "words"))

    def holds(data):
        numbers = np.concatenate([data.train.x[:1], data.train.y, data.test.y])
        check(np.array_equal(data.train.x[1:], data.train.y[:-1]), "the targets are not the next tokens")
        vocabulary = Vocabulary(data.vocabulary)
        wanted = [token if token in vocabulary.tokens else UNKNOWN for token in vocabulary.split(text)]
        check([vocabulary.tokens[i] for i in numbers] == wanted, "the tokens are not those of the text")

    options = {"file": str(folder / "all.txt"), "level": level, "words": 20, "window": 0}
    return Case(folder / "all.txt", lambda: "text", lambda name: "markov", holds, options, {}, oddity, refused)
