from types import SimpleNamespace

import jax
import pytest

from zoo.train.config.run_options import RunOptions
from zoo.train.distributed import devices
from zoo.train.distributed.devices import check_devices, devices_line
from zoo.train.errors import BadInput

SETTINGS = (
    "jax_compilation_cache_dir",
    "jax_default_matmul_precision",
    "jax_persistent_cache_min_compile_time_secs",
    "jax_platforms",
)


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch, tmp_path):
    """jax's settings are global: put back what a test changes."""
    before = {name: getattr(jax.config, name) for name in SETTINGS}
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(devices, "detect", lambda: None)
    jax.config.update("jax_compilation_cache_dir", None)
    yield
    for name, value in before.items():
        jax.config.update(name, value)


@pytest.fixture
def here():
    return jax.devices()[0].platform


def test_the_line_names_the_devices_and_nothing_is_printed(capsys, here):
    line = check_devices(RunOptions())
    assert line.startswith(f"device   {len(jax.devices())} x ")
    assert jax.__version__ in line
    assert here in line
    assert capsys.readouterr() == ("", "")


def test_the_line_counts_the_cores_of_a_cpu(here):
    if here != "cpu":
        pytest.skip("needs a CPU alone")
    assert " core" in check_devices(RunOptions(require="cpu", platform="cpu"))


def test_the_devices_are_counted_by_kind():
    chips = [SimpleNamespace(platform="tpu", device_kind="TPU v5 lite")] * 4
    cpu = SimpleNamespace(platform="cpu", device_kind="cpu")
    assert devices_line([cpu]) == "device   1 x cpu"
    assert (
        devices_line([*chips, cpu], {"jax": "0.7.2"}, processes=2)
        == "device   2 processes, 4 x TPU v5 lite (tpu), 1 x cpu, jax 0.7.2"
    )


@pytest.mark.parametrize("flag", ["require", "platform"])
def test_a_platform_that_is_not_there_is_bad_input(flag, here):
    absent = "tpu" if here != "tpu" else "gpu"
    with pytest.raises(BadInput, match=f"--{flag} {absent}: jax .* finds no {absent} here, only {here}"):
        check_devices(RunOptions(**{flag: absent}))


def test_an_accelerator_that_lies_idle_is_pointed_out(monkeypatch, capsys, here):
    if here != "cpu":
        pytest.skip("needs a CPU alone")
    monkeypatch.setattr(devices, "detect", lambda: "an NVIDIA GPU")
    check_devices(RunOptions(quiet=True))
    assert "warning: this machine seems to have an NVIDIA GPU, yet jax runs on the CPU" in capsys.readouterr().err
    check_devices(RunOptions(quiet=True, platform="cpu"))
    assert capsys.readouterr().err == ""


def test_compiled_programs_are_kept_in_the_users_cache_or_where_told_or_not(tmp_path):
    check_devices(RunOptions(quiet=True))
    assert jax.config.jax_compilation_cache_dir == str(tmp_path / "cache" / "zoo" / "xla")
    check_devices(RunOptions(quiet=True, compile_cache=str(tmp_path / "mine")))
    assert jax.config.jax_compilation_cache_dir == str(tmp_path / "mine")
    assert jax.config.jax_persistent_cache_min_compile_time_secs == 0, "small programs are cached as well"
    check_devices(RunOptions(quiet=True))
    assert jax.config.jax_compilation_cache_dir == str(tmp_path / "mine"), "what jax was told stays"
    check_devices(RunOptions(quiet=True, compile_cache="off"))
    assert jax.config.jax_compilation_cache_dir is None


def test_a_cache_that_cannot_be_written_is_a_warning(tmp_path, capsys):
    (tmp_path / "file").touch()
    check_devices(RunOptions(quiet=True, compile_cache=str(tmp_path / "file" / "xla")))
    assert "warning: compiled programs are not cached" in capsys.readouterr().err
    assert jax.config.jax_compilation_cache_dir is None


def test_the_precision_of_products_is_set():
    check_devices(RunOptions(quiet=True, matmul_precision="highest"))
    assert jax.config.jax_default_matmul_precision == "highest"


def test_jax_that_cannot_start_is_bad_input(monkeypatch):
    def devices():
        raise RuntimeError("Unable to initialize backend 'tpu'")

    monkeypatch.setattr(jax, "devices", devices)
    with pytest.raises(BadInput, match="jax cannot start on its devices: Unable to initialize backend 'tpu'"):
        check_devices(RunOptions(quiet=True))
