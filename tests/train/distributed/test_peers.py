"""Processes that know of one another; light ones, without jax."""

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import zoo
from zoo.train.distributed.peers import Peers, meet
from zoo.train.errors import BadInput, RunFailed

PEER = """
import os, sys, time
from zoo.train.distributed.peers import meet
address, process, how = sys.argv[1], int(sys.argv[2]), sys.argv[3]
peers = meet(address, 3, process, 30)
peers.advice = "Do this."
if process == 1:
    time.sleep(0.3)
    if how == "failed":
        peers.failed(ValueError("no data here"), expected=True)
    if how == "bye":
        peers.tell(bye="")
    if how != "bye":
        os._exit(9)
    sys.exit()
time.sleep(1 if how == "bye" else 30)
peers.tell(bye="")
"""


@pytest.fixture
def address():
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{place.getsockname()[1]}"


@pytest.mark.parametrize(
    ("how", "codes", "said"),
    [
        ("gone", [1, 9, 1], "error: process 1 of 3 (pid {pid} on {host}) is gone. Do this."),
        ("failed", [1, 9, 1], "error: process 1 of 3 (pid {pid} on {host}) has ended: no data here. Do this."),
        ("bye", [0, 0, 0], ""),
    ],
)
def test_when_one_ends_the_others_hear_of_it_and_end(address, how, codes, said):
    environment = {**os.environ, "PYTHONPATH": str(Path(zoo.__file__).parent.parent)}
    words = [[sys.executable, "-c", PEER, address, str(process), how] for process in (0, 1, 2)]
    lives = [subprocess.Popen(each, env=environment, stderr=subprocess.PIPE, text=True) for each in words]
    heard = [life.communicate(timeout=120)[1] for life in lives]
    assert [life.returncode for life in lives] == codes, heard
    wanted = said.format(pid=lives[1].pid, host=socket.gethostname())
    assert [heard[0].strip(), heard[2].strip()] == [wanted, wanted]


@pytest.mark.expensive
@pytest.mark.fault(row=20)
def test_who_does_not_come_is_named_to_all(address):
    failed = []

    def second():
        with pytest.raises(RunFailed) as error:
            meet(address, 3, 1, 20)
        failed.append(str(error.value))

    thread = threading.Thread(target=second)
    thread.start()
    with pytest.raises(RunFailed, match=f"process 2 of 3 did not come to {address} within 3 s") as error:
        meet(address, 3, 0, 3)
    thread.join(60)
    assert failed == [str(error.value)]


def test_a_process_0_that_does_not_answer_is_named(address):
    with pytest.raises(RunFailed, match=f"process 0 does not answer at {address} within 0.3 s"):
        meet(address, 2, 1, 0.3)


@pytest.mark.expensive
def test_two_of_one_number_and_another_count_are_refused(address):
    said = []

    def other(processes, process):
        with pytest.raises(RunFailed) as error:
            meet(address, processes, process, 20)
        said.append(str(error.value))

    threads = [threading.Thread(target=other, args=args) for args in ((3, 1), (3, 1), (4, 2))]
    for thread in threads:
        thread.start()
    with pytest.raises(RunFailed, match="process 2 of 3 did not come"):
        meet(address, 3, 0, 3)
    for thread in threads:
        thread.join(60)
    told = "\n".join(said)
    assert "--process 1 has connected already: each needs a number of its own" in told
    assert "process 0 runs with --processes 3 and cannot use --process 2 of 4" in told


def test_a_port_that_is_taken_is_bad_input():
    with socket.create_server(("", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(BadInput, match=f"--distributed {address}: process 0 cannot listen at port"):
            meet(address, 2, 0, 1)


def test_processes_that_are_done_wait_for_each_other_and_process_0_exits_last():
    here, there = socket.socketpair()
    first, second = Peers(0, ["0", "1"], {1: here}), Peers(1, ["0", "1"], {0: there})
    ends = [threading.Thread(target=each.leave, args=(60,), daemon=True) for each in (second, first)]
    ends[0].start()
    ends[0].join(0.2)
    assert ends[0].is_alive()  # process 0 has not done its work
    ends[1].start()
    ends[0].join(10)
    assert not ends[0].is_alive()
    ends[1].join(0.2)
    assert ends[1].is_alive()  # process 1 has not exited
    there.shutdown(socket.SHUT_RDWR)
    ends[1].join(10)
    assert not ends[1].is_alive()
    for line in (here, there):
        line.close()
