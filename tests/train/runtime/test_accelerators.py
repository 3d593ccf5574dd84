"""Accelerators are known by what drivers and runtimes leave, as on Colab, GKE, in containers and in WSL."""

import pytest

from zoo.train.runtime.accelerators import advice, detect

VARIABLES = ("COLAB_TPU_1VM", "TPU_ACCELERATOR_TYPE", "TPU_NAME", "TPU_WORKER_ID", "COLAB_RELEASE_TAG")


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine of files, environment and programs that a test makes."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    def make(*files, text="", **environment):
        for file in files:
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file).write_text(text)
            (tmp_path / file).chmod(0o755)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return tmp_path

    return make


def test_a_machine_without_any_has_none(machine):
    assert detect(machine("dev/null", "dev/nvidia-caps", "dev/vfio/vfio")) is None


@pytest.mark.parametrize(
    ("file", "what"),
    [
        ("dev/nvidia0", "an NVIDIA GPU (/dev/nvidia0)"),
        ("dev/nvidia1", "an NVIDIA GPU (/dev/nvidia1)"),
        ("dev/kfd", "an AMD GPU (/dev/kfd)"),
        ("dev/accel0", "a TPU (/dev/accel0)"),
    ],
)
def test_a_driver_s_file_tells_of_the_device(machine, file, what):
    assert detect(machine(file)) == what


def test_a_gpu_that_came_second_counts_alone(machine):
    assert detect(machine("dev/nvidia1", "dev/nvidia2")) == "an NVIDIA GPU (/dev/nvidia1)"


def test_nvidia_smi_without_a_driver_is_no_gpu(machine):
    assert detect(machine("bin/nvidia-smi")) is None


def test_a_gpu_of_windows_is_nvidia_s_if_its_program_is_there(machine):
    root = machine("dev/dxg")
    assert detect(root) is None
    machine("bin/nvidia-smi")
    assert detect(root) == "an NVIDIA GPU (/dev/dxg)"


def test_a_device_lent_to_guests_is_a_tpu_if_google_made_one(machine):
    root = machine("dev/vfio/0")
    machine("sys/bus/pci/devices/0000:00:04.0/vendor", text="0x10de\n")
    assert detect(root) is None
    machine("sys/bus/pci/devices/0000:00:05.0/vendor", text="0x1ae0\n")
    assert detect(root) == "a TPU (/dev/vfio/0)"


@pytest.mark.parametrize("name", VARIABLES[:-1])
def test_a_runtime_s_variable_tells_of_a_tpu_unless_it_is_empty(machine, name):
    assert detect(machine(**{name: ""})) is None
    assert detect(machine(**{name: "1"})) == f"a TPU ({name} is set)"


def test_colab_is_told_what_to_click_and_others_what_to_install(machine):
    machine()
    assert 'pip install -U "jax[cuda12]"' in advice()
    machine(COLAB_RELEASE_TAG="release-colab-external_20260819-060052_RC00")
    assert "Runtime > Change runtime type" in advice()
    assert "install" not in advice(), "Colab's own jax must stay"
