import pytest

from zoo.train.__main__ import main
from zoo.train.config.run_options import RunOptions
from zoo.train.distributed.launch import ProcessInfo, detect, is_leader
from zoo.train.errors import BadInput

SLURM = {"SLURM_JOB_ID": "7", "SLURM_STEP_NODELIST": "n[1-2]", "SLURM_LOCALID": "0", "SLURM_NTASKS": "4"}
OPEN_MPI = {"OMPI_MCA_orte_hnp_uri": "1.0;tcp://10.0.0.1:3", "OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_RANK": "1"}


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({}, None),
        (SLURM | {"SLURM_PROCID": "3"}, ProcessInfo("", 4, 3)),
        (SLURM | {"SLURM_PROCID": "0", "SLURM_NTASKS": "1"}, None),
        ({"SLURM_JOB_ID": "7", "SLURM_NTASKS": "4", "SLURM_PROCID": "0"}, None),  # a batch script, not yet srun
        (OPEN_MPI, ProcessInfo("", 2, 1)),
        ({"TPU_WORKER_HOSTNAMES": "a,b", "TPU_WORKER_ID": "1"}, ProcessInfo(process=1)),
        ({"TPU_WORKER_HOSTNAMES": "localhost", "TPU_WORKER_ID": "0"}, None),  # one machine, as on Colab
        ({"TPU_WORKER_HOSTNAMES": "a,b", "TPU_WORKER_ID": "0", "MEGASCALE_SLICE_ID": "2"}, ProcessInfo(process=1)),
    ],
)
def test_the_environment_says_whether_there_are_several(environment, found):
    assert detect(RunOptions(), environment) == found
    assert detect(RunOptions(distributed="off"), environment) is None
    assert detect(RunOptions(distributed="auto"), environment) == (found or ProcessInfo())


def test_an_address_goes_before_the_environment():
    options = RunOptions(distributed="[::1]:99", processes=3, process=2)
    assert detect(options, SLURM | {"SLURM_PROCID": "0"}) == ProcessInfo("[::1]:99", 3, 2)
    assert not is_leader(options)
    assert is_leader(RunOptions(distributed="n1:99", processes=3, process=0))
    assert is_leader(RunOptions(distributed="off"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"distributed": "n1", "processes": 2, "process": 0}, "host and port of process 0, got 'n1'"),
        ({"distributed": "n1:0", "processes": 2, "process": 0}, "host and port"),
        ({"distributed": "n1:70000", "processes": 2, "process": 0}, "host and port"),
        ({"distributed": "n1:1234", "processes": 2}, "needs --process as well"),
        ({"distributed": "n1:1234", "process": 1}, "needs --processes as well"),
        ({"distributed": "n1:1234", "processes": 2, "process": 2}, "processes are counted from 0"),
        ({"distributed": "n1:1234", "processes": 2, "process": -1}, "processes are counted from 0"),
        ({"processes": 2}, "goes with the address of process 0"),
        ({"distributed": "auto", "process": 1}, "goes with the address of process 0"),
        ({"peer_timeout": 0}, "--peer-timeout must be a whole number of at least 1"),
    ],
)
def test_flags_that_make_no_process_among_others_are_bad_input(options, said):
    with pytest.raises(BadInput, match=said):
        RunOptions(**options)


def test_the_command_line_reads_them_and_the_bare_flag_is_auto(capsys):
    from zoo.train.cli.train_args import Command, read

    def options(*words):
        found = read(["--model", "mlp", *words], "zoo")
        assert isinstance(found, Command)
        return found.options

    assert options("--distributed", "--quiet").distributed == "auto"
    assert options("--quiet", "--distributed").distributed == "auto"
    assert options("--distributed", "a:1", "--processes", "2", "--process", "1").process == 1
    assert main(["--model", "mlp", "--rank", "1"]) == 2
    assert "did you mean --process?" in capsys.readouterr().err


def test_who_runs_it_is_not_remembered_with_the_run(tmp_path):
    from zoo.train.cli.resume_args import options_of

    words = '{"distributed": "a:1", "processes": "2", "process": "1", "peer_timeout": "5", "keep": "7"}'
    (tmp_path / "config.json").write_text(f'{{"options": {words}}}')
    assert options_of(tmp_path) == {"keep": 7}
