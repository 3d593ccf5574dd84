"""The faults that a run must survive, and that each has its tests: `pytest -m fault` runs all.

`pytest -m "fault(row=7)" --collect-only -q` lists those of one.
"""

import re
from pathlib import Path

FAULTS = {
    1: "kill -9 in the middle of an epoch: a resumed run ends with the same bits",
    2: "kill -9 while a checkpoint is written: the one before is used, leftovers are swept",
    3: "SIGTERM, also while scoring, downloading, compiling: a checkpoint, and 143 within ten seconds",
    4: "Ctrl-C once: the same with 130; twice: at once, the folder stays valid",
    5: "a full disk: path, bytes needed and free; the checkpoint before stays, and the run goes on if it can",
    6: "a folder that cannot be written: refused before anything is compiled",
    7: "a truncated or damaged data file: what was expected, what was found, what to do",
    8: "a server that sends wrong bytes, too few, none, or stalls: the next mirror, and nothing left behind",
    9: "an archive or a bomb: nothing is written outside, nothing unpacked beyond what is due",
    10: "a pickle in a data file: never unpickled",
    11: "a damaged or hostile checkpoint: refused by file and reason, or the next older one with a warning",
    12: "a checkpoint of another model, optimizer, width or format: refused with a table",
    13: "two runs in one folder: the second is refused; the lock of a dead one does not matter",
    14: "a loss that is no number: the run stops with advice, and the last good state stays",
    15: "bad flag values: refused in a line, without jax and without a folder",
    16: "a wrong type or shape from Python: an error that names what was expected and what came",
    17: "no network: bundled data work, others say what to do, offline opens no socket",
    18: "an interrupted download: taken up or begun anew, never used by half",
    19: "a damaged compile cache: compiled anew",
    20: "a peer process that dies or never comes: the others end in time",
    21: "resumed on another number of devices: close, and it says so",
    22: "a torn line of metrics: the rows are those of the uninterrupted run",
    23: "no home, and a full folder for temporary files: works with --data-dir and --out",
    24: "a closed stdout, or one that is no terminal: no traceback, plain lines",
}


def test_every_fault_has_a_test():
    here = Path(__file__)
    told = {
        int(row)
        for path in here.parents[2].rglob("test_*.py")
        if path != here
        for row in re.findall(r"^@pytest\.mark\.fault\(row=(\d+)\)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert told == set(FAULTS)
