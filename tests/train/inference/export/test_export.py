"""Exports agree with the model to 1e-5, from raw inputs and for any batch size."""

import dataclasses
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import export

import zoo
from zoo.__main__ import main
from zoo.train.config.recipe import Recipe
from zoo.train.data.dataset import load_data, source
from zoo.train.data.normalize import Scaler
from zoo.train.errors import BadInput, RunFailed
from zoo.train.inference.export.answer import description
from zoo.train.inference.export.plain import plain
from zoo.train.inference.export.stablehlo import PLATFORMS, exported
from zoo.train.tasks import task_for
from zoo.train.tasks.generation import generation
from zoo.train.trained.build import ModelSpec, build, spec_for
from zoo.train.trained.file import save
from zoo.train.trained.generator_input import input_spec, sample_latents
from zoo.train.trained.model import Trained

pytestmark = pytest.mark.usefixtures("quick_compiler")
SMALL = {"mlp": {"hidden": (8,)}, "cnn": {"filters": (4, 6), "hidden": 8}, "lstm": {"width": 8},
         "resnet": {"depth": 8, "width": 4}}  # fmt: skip


@pytest.fixture(scope="module", params=SMALL)
def digits(request, tmp_path_factory):
    """Model file with random weights, and batch norm statistics that differ from the initial ones."""
    model, rng = zoo.create(request.param, 10, **SMALL[request.param]), np.random.default_rng(0)
    shapes = jax.eval_shape(lambda x: model.init(jax.random.key(0), x), np.zeros((1, 8, 8, 1), np.float32))
    params, state = jax.tree.map(lambda leaf: rng.uniform(-0.3, 0.6, leaf.shape).astype(leaf.dtype), shapes)
    state = jax.tree.map(lambda leaf: abs(leaf) + 0.5, state)  # variances are positive
    like = zoo.load("cnn-digits")
    about = {**like.about, "model": request.param, "options": SMALL[request.param]}
    tree = {"params": params, "state": state, "scaler": like.scaler, "target_scaler": None}
    return str(save(tmp_path_factory.mktemp(request.param), tree, about))


def raw(model, count):
    x = np.random.default_rng(0).integers(0, 17, (count, *model.input_shape))
    return x.astype(np.float32)


def test_a_program_for_three_platforms_agrees_for_any_batch(digits):
    model = zoo.load(digits)
    program = exported(model)
    assert program.platforms == PLATFORMS
    for count in (1, 5):
        x = raw(model, count)
        np.testing.assert_allclose(program.call(x), model.probabilities(x), atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    "digits",
    [pytest.param(name, marks=() if name == "mlp" else pytest.mark.expensive) for name in SMALL],
    indirect=True,
)
def test_a_stablehlo_file_is_readable_with_jax_alone(digits, tmp_path):
    pytest.importorskip("flatbuffers", reason="jax writes its programs by flatbuffers (extra `export`)")
    model, out = zoo.load(digits), tmp_path / "m.stablehlo"
    assert main(["export", digits, "--format", "stablehlo", "--out", str(out)]) == 0
    x = raw(model, 3)
    program = export.deserialize(bytearray(out.read_bytes()))
    np.testing.assert_allclose(program.call(x), model.probabilities(x), atol=1e-5)
    beside = json.loads((tmp_path / "m.stablehlo.json").read_text())
    assert beside["classes"] == list("0123456789")
    assert beside["input"] == {"shape": ["batch", 8, 8, 1], "dtype": "float32", "range": [0, 16]}


@pytest.mark.slow
def test_an_onnx_file_agrees_in_onnxruntime(digits, tmp_path):
    pytest.importorskip("jax2onnx", reason="extra `onnx`")
    onnxruntime = pytest.importorskip("onnxruntime", reason="extra `onnx`")
    model, out = zoo.load(digits), tmp_path / "m.onnx"
    assert main(["export", digits, "--format", "onnx", "--out", str(out)]) == 0
    x = raw(model, 3)
    (said,) = onnxruntime.InferenceSession(str(out)).run(["answer"], {"x": x})
    np.testing.assert_allclose(said, model.probabilities(x), atol=1e-5)


@pytest.mark.slow
def test_a_model_in_half_precision_is_exported_to_onnx_in_float32():
    onnxruntime, onnx = runtime_and_export()
    like = zoo.load("cnn-digits")
    made_for = ModelSpec.of(like.about["made_for"])
    model = build("cnn", made_for, like.about["options"], "bf16")
    half = dataclasses.replace(like, model=model, about={**like.about, "dtype": "bf16"})
    x = raw(half, 3)
    (said,) = onnxruntime.InferenceSession(onnx(half)).run(["answer"], {"x": x})
    np.testing.assert_allclose(said, like.probabilities(x), atol=1e-5)
    assert np.abs(half.probabilities(x) - said).max() > 1e-5, "it did compute in bfloat16 before"


def runtime_and_export():
    pytest.importorskip("jax2onnx", reason="extra `onnx`")
    from zoo.train.inference.export.onnx import onnx

    return pytest.importorskip("onnxruntime", reason="extra `onnx`"), onnx


def test_a_model_that_onnxruntime_cannot_run_is_refused_with_its_message(monkeypatch):
    from types import SimpleNamespace

    from zoo.train.inference.export import onnx as room

    def refuse(*args, **options):
        raise NotImplementedError("no such node\nand more")

    fake = SimpleNamespace(SessionOptions=SimpleNamespace, InferenceSession=refuse)
    with pytest.raises(RunFailed, match=r"onnxruntime cannot run mlp: no such node; no file was written\. --format st"):
        room._check(fake, b"", zoo.load("mlp-iris"))


def test_unsupported_primitives_are_removed_and_the_values_stay(digits):
    from zoo.train.inference.export.answer import answer

    model = zoo.load(digits)
    x, known = raw(model, 2), answer(model)
    np.testing.assert_allclose(plain(known)(x), model.probabilities(x), atol=1e-5)
    text = str(jax.make_jaxpr(plain(known))(x))
    assert not any(name in text for name in ("platform_index", "optimization_barrier", "custom_vjp", "custom_jvp"))


def test_a_safetensors_export_can_be_loaded(digits, tmp_path):
    out = tmp_path / "m.safetensors"
    assert main(["export", digits, "--format", "safetensors", "--out", str(out)]) == 0
    again, model = zoo.load(out), zoo.load(digits)
    x = raw(model, 2)
    np.testing.assert_array_equal(again.outputs(x), model.outputs(x))
    assert again.classes == model.classes


def test_a_regression_exports_values_in_the_units_of_the_target():
    model = zoo.load("linear-diabetes")
    x = np.asarray(model.scaler.shift)[None] * np.array([[1.0], [1.1]], np.float32)
    np.testing.assert_allclose(exported(model).call(x)[:, 0], model.predict(x), rtol=1e-5)


def test_a_forecaster_of_changes_exports_values(tmp_path):
    like = zoo.load("gru-sine")
    tree = {name: getattr(like, name) for name in ("params", "state", "scaler", "target_scaler")}
    model = zoo.load(save(tmp_path, tree, {**like.about, "relative": True}))
    x = np.random.default_rng(0).normal(size=(2, 64, 1)).astype(np.float32)
    np.testing.assert_allclose(exported(model).call(x), model.predict(x), atol=1e-5)


@pytest.mark.parametrize(
    ("shift", "scale", "about", "message"),
    [
        (1.7e9, 1e-3, {}, "column 0 .* reaches 1.7e.09 with a spread of about 1e.03"),
        (0.0, 1e40, {}, "spread of about 1e-40"),
        (0.0, 1.0, {"relative": True, "level": 1e8}, "reaches 1e.08"),
    ],
)
def test_a_model_whose_inputs_have_more_digits_than_float32_is_refused(shift, scale, about, message):
    like = zoo.load("gru-sine")
    model = dataclasses.replace(
        like, scaler=Scaler(np.array([shift]), np.array([scale])), about={**like.about, **about}
    )
    with pytest.raises(BadInput, match=f"inputs of gru need more digits than float32.*{message}"):
        exported(model)


def test_inputs_at_an_offset_that_float32_holds_are_exported_as_they_are_predicted():
    like = zoo.load("linear-diabetes")
    shift = 20_000.3 + np.arange(10)
    model = dataclasses.replace(like, scaler=Scaler(shift, np.full(10, 0.05)))
    x = (shift + 20 * np.random.default_rng(0).normal(size=(5, 10))).astype(np.float32)
    np.testing.assert_allclose(exported(model).call(x)[:, 0], model.predict(x), rtol=1e-6)


def test_a_language_model_exports_windows_of_tokens():
    model = zoo.load("lstm-text")
    x = np.random.default_rng(0).integers(0, len(model.about["vocabulary"]), (2, *model.input_shape)).astype(np.int32)
    np.testing.assert_allclose(exported(model).call(x), model.probabilities(x), atol=1e-5)


def test_a_table_of_counts_is_exported_for_any_batch():
    model, tokens = build("markov", ModelSpec(5, True, 5), {"n": 2}), np.array([[0, 1, 2], [3, 4, 0]], np.int32)
    params, state = model.init(jax.random.key(0), tokens)
    about = {"model": "markov", "kind": "text", "made_for": {"vocabulary": 5}, "input_shape": [3]}
    program = exported(Trained(model, params, state, None, None, task_for("language", outputs=5), (), about))
    np.testing.assert_allclose(program.call(tokens), np.full((2, 3, 5), 0.2), atol=1e-6)


def test_a_model_that_reads_the_number_of_examples_as_an_integer_is_refused_with_the_remedy():
    model = zoo.load("mlp-iris")
    careless = model.model._replace(apply=lambda params, state, x, key=None: (x.reshape(len(x), -1), state))
    with pytest.raises(BadInput, match=r"cannot be exported for any batch size.*x\.shape\[0\] in place of len\(x\)"):
        exported(dataclasses.replace(model, model=careless))


def test_a_language_model_with_more_tokens_than_its_window_has_steps_is_exported(tmp_path):
    pytest.importorskip("flatbuffers", reason="jax writes its programs by flatbuffers (extra `export`)")
    like, spec = zoo.load("lstm-text"), ModelSpec(17, True, 17)
    x = np.random.default_rng(0).integers(0, 17, (3, 16)).astype(np.int32)
    params, state = build("lstm", spec, {"width": 8}).init(jax.random.key(0), x)
    changed = {
        "options": {"width": 8},
        "made_for": spec._asdict(),
        "input_shape": [16],
        "vocabulary": list("abcdefghijklmnopq"),
    }
    tree = {"params": params, "state": state, "scaler": like.scaler, "target_scaler": None}
    model, out = save(tmp_path, tree, {**like.about, **changed}), tmp_path / "m.stablehlo"
    assert main(["export", str(model), "--format", "stablehlo", "--out", str(out)]) == 0
    program = export.deserialize(bytearray(out.read_bytes()))
    for count in (1, 3):
        np.testing.assert_allclose(program.call(x[:count]), zoo.load(model).probabilities(x[:count]), atol=1e-5)


MAKERS = {
    "gan": Recipe("gan", "ring", trainer="adversarial", m={"latent": 4, "hidden": (8,)}),
    "dcgan": Recipe("dcgan", "digits", trainer="adversarial", m={"latent": 4, "filters": (4,)}, normalize="symmetric"),
    "cgan": Recipe("cgan", "digits", trainer="adversarial", m={"latent": 4, "hidden": (8,)}, normalize="symmetric"),
}


@pytest.fixture(scope="module", params=MAKERS)
def maker(request):
    """A generator as it is once loaded."""
    recipe = MAKERS[request.param]
    wanted = spec_for(source(recipe.dataset), load_data(recipe.dataset))
    made = build(request.param, wanted, recipe.m)
    shape = input_spec(made, wanted).shape
    params, state = made.init(jax.random.key(0), jnp.zeros((2, *shape)))
    about = {
        "model": request.param,
        "options": recipe.m,
        "dataset": recipe.dataset,
        "kind": "image",
        "input_shape": shape,
        "made_for": wanted._asdict(),
        "input_dtype": "uint8",
    }
    as_it_is, scaler = Scaler(np.float32(0), np.float32(1)), Scaler(np.float32(8), np.float32(0.125))
    return Trained(made, params, state, as_it_is, scaler, generation(), tuple("0123456789"), about)


def noise(maker, count):
    return sample_latents(maker.model, ModelSpec.of(maker.about["made_for"]), count, jax.random.key(count))


def test_a_generator_exports_samples_from_noise(maker):
    program, told = exported(maker), description(maker)
    for count in (1, 5):
        x = noise(maker, count)
        np.testing.assert_allclose(program.call(x), maker.predict(x), atol=1e-5)
        assert program.call(x).shape == (count, *maker.about["made_for"]["shape"])
    assert told["output"] == "samples"
    assert (told["noise"], told["told"]) == (4, 10 if maker.about["model"] == "cgan" else 0)


@pytest.mark.slow
def test_a_generator_is_an_onnx_file_for_any_batch(maker):
    onnxruntime, onnx = runtime_and_export()
    session = onnxruntime.InferenceSession(onnx(maker))
    for count in (1, 5):
        x = noise(maker, count)
        (said,) = session.run(["answer"], {"x": x})
        np.testing.assert_allclose(said, maker.predict(x), atol=1e-4)


def test_a_convolution_with_another_kernel_layout_keeps_its_values():
    def f(x):
        kernel = jnp.arange(36.0).reshape(3, 3, 2, 2)
        return jax.lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWOI", "NHWC"))

    x = np.random.default_rng(0).normal(size=(1, 4, 4, 2)).astype(np.float32)
    np.testing.assert_allclose(plain(f)(x), f(x), rtol=1e-5)
    (step,) = (e for e in jax.make_jaxpr(plain(f))(x).eqns if e.primitive.name == "conv_general_dilated")
    assert step.params["dimension_numbers"].rhs_spec == (3, 2, 0, 1)


def test_a_branch_on_data_is_kept():
    def f(x):
        return jax.lax.cond(x[0] > 0, jnp.sin, jnp.cos, x)

    for x in (jnp.ones(2), -jnp.ones(2)):
        np.testing.assert_allclose(plain(f)(x), f(x))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("mlp-iris", "--format", "onx"), "did you mean"),
        (("mlp-iris", "--out", "no/m.stablehlo"), "the folder no does not exist"),
        ((), "no run given"),
    ],
)
def test_an_unsupported_export_is_refused_and_writes_no_file(capsys, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    assert main(["export", *words]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("form", "module"), [("stablehlo", "flatbuffers"), ("onnx", "jax2onnx")])
def test_a_missing_package_is_named_with_its_extra(capsys, tmp_path, monkeypatch, form, module):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(__import__("sys").modules, module, None)
    assert main(["export", "mlp-iris", "--format", form]) == 2
    assert f"--format {form} needs {module}" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
