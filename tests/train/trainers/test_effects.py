"""What is typed has an effect or is refused: the tables of effects are held against what is computed."""

import re
from dataclasses import replace
from typing import Literal, get_args, get_origin

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.interpreters import partial_eval

import zoo
from tests.train.trainers.test_laws import recipe_of
from zoo import _catalogue
from zoo.train.__main__ import main
from zoo.train.cli.sweep import settings_of
from zoo.train.cli.train_args import read, resolve_recipe
from zoo.train.config.recipe import Optimizer, Recipe, Schedule, book, recipe_for
from zoo.train.config.run_options import RunOptions
from zoo.train.config.schema import recipe_flags
from zoo.train.data.dataset import Place
from zoo.train.data.split import Split
from zoo.train.distributed.sharding import data_parallel
from zoo.train.errors import BadInput
from zoo.train.pipeline.splits import batches_that_fit
from zoo.train.runs.run import run
from zoo.train.runs.setup import setup
from zoo.train.tasks import task_for
from zoo.train.trained.build import ModelSpec, build
from zoo.train.trainers import FIELDS, Run, make, names, options, traits
from zoo.train.trainers.effects import READS, check_effects, check_updates, ignored, option, without_effect
from zoo.train.trainers.optimizers import make_optimizer
from zoo.train.trainers.schedules import make_schedule

pytestmark = pytest.mark.usefixtures("quick_compiler")

BASE = Recipe("mlp", "iris", lr=0.1)
OTHER = {
    "lr": 0.2,
    "momentum": 0.5,
    "b2": 0.9,
    "warmup_epochs": 2,
    "step_epochs": 3,
    "step_at": (1.0,),
    "decay": 0.5,
    "clip_grad": 0.01,
    "accumulate": 2,
    "weight_decay": 0.5,
    "l1": 0.2,
    "l2": 0.2,
    "label_smoothing": 0.1,
    "class_weights": "balanced",
    "ema": 0.9,
    "opt": "sgd",
    "sched": "cosine",
    "loss": "cross_entropy",
}
"""Another value of each option that decides the updates."""


def program(function, *arguments):
    """The traced computation with all of its numbers, without the addresses of functions."""
    found = jax.make_jaxpr(function)(*arguments)
    return re.sub(r" at 0x\w+", "", str(found.jaxpr)), [np.asarray(each).tolist() for each in found.consts]


def update_of(recipe):
    """The program of an update of a matrix and a vector."""
    params = {"w": jnp.ones((3, 2)), "b": jnp.ones(2)}
    tx = make_optimizer(recipe, 4, 1)
    return program(lambda opt: tx.update(params, opt, params, value=jnp.float32(1)), tx.init(params))


@pytest.mark.parametrize("opt", get_args(Optimizer))
def test_an_optimizer_reads_what_changes_its_updates_and_nothing_else(opt):
    recipe, usual = replace(BASE, opt=opt), update_of(replace(BASE, opt=opt))
    options = {"lr", "momentum", "b2", "clip_grad", "accumulate", "weight_decay", "l1", "l2"}
    idle = {name for name in options if update_of(replace(recipe, **{name: OTHER[name]})) == usual}
    assert idle == without_effect(recipe).keys() & options
    split = Split(np.zeros((30, 2), np.float32), np.zeros(30, np.int32))
    sizes = {batches_that_fit(replace(BASE, opt=opt, batch_size=size), split, None)[0].batch_size for size in (5, 10)}
    assert ("batch_size" in READS["opt"][opt]) == (len(sizes) == 2)


@pytest.mark.parametrize("sched", get_args(Schedule))
def test_a_schedule_reads_what_changes_its_rates_and_nothing_else(sched):
    def rates(**changed):
        recipe = replace(BASE, sched=sched, step_epochs=1, **{"decay": 0.1, **changed})
        if sched != "plateau":
            return np.array(jax.vmap(make_schedule(recipe, 20, 2))(jnp.arange(20)))
        tx, w = make_optimizer(replace(recipe, opt="sgd"), 20, 2), jnp.ones(1)

        def step(opt, _):
            update, opt = tx.update(w, opt, w, value=jnp.float32(1))
            return opt, update

        return np.array(jax.lax.scan(step, tx.init(w), length=20)[1])

    for name in ("decay", "warmup_epochs", "lr"):
        has = name not in without_effect(replace(BASE, sched=sched))
        assert has == (not np.array_equal(rates(), rates(**{name: OTHER[name]}))), name
    assert ("step_epochs" in READS["sched"][sched]) == ("decay" in READS["sched"][sched])


@pytest.mark.parametrize("name", [name for name in names() if not traits(name).gradient])
def test_a_trainer_without_a_gradient_learns_the_same_whatever_it_does_not_read(name, key):
    recipe = replace(recipe_of(name), ema=None, sched="constant")
    other = OTHER | ({"loss": "quadratic"} if "loss" in traits(name).reads else {})

    parts = setup(recipe, score_samples=False)
    other |= {"class_weights": f"{parts.data.classes[0]}=3"} if parts.data.classes else {}
    feed = parts.advance.feed
    batch = jax.eval_shape(lambda key: feed.batch(feed.arrays, feed.order(key), 0, key), key)

    def learned(**changes):
        changed = replace(recipe, **changes)
        of_loss = {"loss", "label_smoothing", "class_weights"}
        reads_loss = not of_loss.isdisjoint(changes.keys() & {*traits(name).reads})
        task = setup(changed, score_samples=False).task if reads_loss else parts.task
        trainer = make(parts.model, task, Run(changed, parts.plan.steps, feed.steps_per_epoch, None))
        return program(lambda key, x: trainer.step(trainer.init(key, x), x, key)[0], key, batch)

    usual, idle = learned(), without_effect(recipe).keys() & other.keys()
    assert set(other) == set(FIELDS) - {"dtype", "remat"}  # one is refused by value, the other is of the model
    assert learned(**{field: other[field] for field in idle - {"accumulate"}}) == usual
    for field in other.keys() - idle:
        assert learned(**{field: other[field]}) != usual, field


def test_the_help_of_an_option_names_the_optimizers_and_schedules_that_read_it():
    helps = {flag.name: flag.help for flag in recipe_flags(BASE)}
    for table in READS.values():
        for value, its in table.items():
            for name in set(its) - {"batch_size"}:
                assert re.search(rf"\b{value}\b", helps[name]), (name, value)


def test_no_recipe_of_the_zoo_has_a_value_without_effect():
    plain = Recipe("", "")
    for model in zoo.list_models():
        for recipe in book(model).recipes:
            idle = [name for name in without_effect(recipe) if hasattr(plain, name)]
            assert not [name for name in idle if getattr(recipe, name) != getattr(plain, name)], recipe


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("perceptron --ema 0.9", "--ema 0.9 has no effect on perceptron, which is trained without a gradient"),
        ("perceptron --opt adam --l1 0.1", "--opt adam, --l1 0.1 have no effect on perceptron"),
        ("perceptron --sched constant", "--sched constant has no effect"),  # though it is the default
        ("perceptron --label-smoothing 0.1", "such as --model mlp"),
        ("perceptron --remat", "--remat has no effect"),
        ("markov --lr 0.1", "--lr 0.1 has no effect on markov"),
        ("markov --weight-decay 0.1", "such as --model lstm"),
        ("gan --accumulate 1", "cannot accumulate gradients"),
        ("mlp --opt rmsprop --momentum 0.5", "--momentum 0.5 has no effect with --opt rmsprop; it has with --opt mom"),
        ("wgan --momentum 0.5", "--momentum 0.5 has no effect with --opt rmsprop"),
        (
            "mlp --opt lion --b2 0.9",
            "--b2 0.9 has no effect with --opt lion; it has with --opt adam, adamw, lamb, muon",
        ),
        ("mlp --opt gd -b 16", "--batch-size 16 has no effect with --opt gd"),
        ("mlp --sched cosine --decay 0.5", "--decay 0.5 has no effect with --sched cosine; it has with --sched step"),
        ("mlp --epochs 3 --steps 10", "--epochs 3.0 has no effect with --steps 10, which sets the length"),
        ("lstm --dataset text --augment flip", "--augment flip has no effect on text, whose examples are tokens"),
        ("rnn --dataset copy --normalize unit", "--normalize unit has no effect on copy"),
        ("rbm --t.sparsity-cost 0.2", "--t.sparsity-cost 0.2 has no effect without --t.sparsity"),
        ("rbm --no-t.persistent --t.chains 5", "--t.chains 5 has no effect with --no-t.persistent"),
        ("rbm --dataset iris --m.binarise random", "--m.binarise random has no effect with --m.units gaussian"),
        ("dbn --t.fine-tuning none --t.pretraining 0.3", "--t.pretraining 0.3 has no effect with --t.fine-tuning none"),
        ("dbn --t.fine-tuning none --lr 0.1 --opt sgd", "--lr 0.1, --opt sgd have no effect with --t.fine-tuning none"),
        ("dbn --t.fine-tuning none --b2 0.9", "--b2 0.9 has no effect with --t.fine-tuning none"),
        ("dbn --t.fine-tuning up_down --m.dropout 0.1", "--m.dropout 0.1 has no effect with --t.fine-tuning up_down"),
        ("hopfield --m.form modern --t.rule storkey", "--t.rule storkey has no effect with --m.form modern"),
    ],
)
def test_a_flag_without_effect_is_refused_with_what_would_give_it_one(words, message, capsys):
    assert main(["--model", *words.split()]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        "perceptron --lr 0.5 --batch-size 16 --val-share 0.2",
        "wgan_gp --opt sgd --l2 0.1",  # the b2 of the recipe was not typed
        "mlp --opt momentum --momentum 0.5 --sched step --decay 0.5 --step-epochs 2",
        "lstm --dataset sine --normalize unit",
        "markov --m.n 3",
        "hopfield --m.form modern",  # the rule of the recipe was not typed
        "dbn --t.fine-tuning none",
        "rbm --t.sparsity 0.1 --t.sparsity-cost 0.2",
    ],
)
def test_what_has_an_effect_or_was_not_typed_is_accepted(words):
    assert not isinstance(read(["--model", *words.split()], "zoo"), str)


def idle_options():
    """The options that are stated to have no effect beside another, with a recipe whose model or trainer states it."""
    for model in zoo.list_models():
        pages = book(model)
        for recipe in {each.trainer: each for each in reversed(pages.recipes)}.values():
            for stated, (other, values) in {**pages.idle, **traits(recipe.trainer).idle}.items():
                some = (stated,) if isinstance(stated, str) else stated
                for value in values if isinstance(values, tuple) else (values,):
                    yield pytest.param(recipe, some, other, value, id=f"{model} {some[0]} {value}")


def types_of(recipe):
    """The types of the options of model and trainer by name."""
    known = {"m": _catalogue.card(recipe.model).options, "t": options(recipe.trainer)}
    return {f"{table}.{each.name}": each.type for table, some in known.items() for each in some}


def with_option(recipe, name, value):
    if "." not in name:
        return replace(recipe, **{name: value})
    return replace(recipe, **{name[0]: {**getattr(recipe, name[0]), name[2:]: value}})


def with_others(recipe, names):
    """The recipe with another value of each option."""
    for name in names:
        recipe = with_option(recipe, name, another(recipe, name))
    return recipe


def another(recipe, name):
    """A value of an option that differs from the one of the recipe."""
    if "." not in name:
        other = {**OTHER, "sched": "exponential"}[name]
        assert other != getattr(recipe, name)
        return other
    kind, now = types_of(recipe)[name], option(recipe, name)
    if get_origin(kind) is Literal or kind is bool:
        return next(each for each in get_args(kind) or (True, False) if each != now)
    return 7 if "int" in str(kind) else now / 2 if now else 0.3


def what_is_learned(recipe, key):
    """The program of a step's parameters and of scores, without what they do not depend on."""
    model = build(recipe.model, ModelSpec(2, shape=(2, 2, 1)), recipe.m)
    trainer = make(model, task_for(recipe.task or "multiclass", outputs=2), Run(recipe, 12, 3, data_parallel()))
    batch = {"x": jnp.ones((4, 2, 2, 1)), "y": jnp.array([0, 1, 1, 0]), "weight": jnp.ones(4)}

    def both(key, batch):
        fit, metrics = trainer.step(trainer.init(key, batch), batch, key)
        return fit["params"], metrics, trainer.evaluate(fit, batch, key)

    traced = jax.make_jaxpr(both)(key, batch)
    lean = partial_eval.dce_jaxpr(traced.jaxpr, [True] * len(traced.jaxpr.outvars))[0]
    read = {id(each) for equation in lean.eqns for each in equation.invars}
    found = [(var, value) for var, value in zip(lean.constvars, traced.consts, strict=True) if id(var) in read]
    text = str(lean.replace(constvars=[var for var, _ in found]))
    return re.sub(r" at 0x\w+", "", text), [np.asarray(value).tobytes() for _, value in found]


@pytest.mark.parametrize(("recipe", "names", "other", "value"), idle_options())
def test_an_option_counts_exactly_where_the_other_one_has_another_value(recipe, names, other, value, key):
    """Fields of the recipe that are stated together are changed at once; of them, those count that are read at all."""
    beside = with_option(recipe, other, value)
    assert {*names} <= without_effect(beside).keys()
    assert what_is_learned(with_others(beside, names), key) == what_is_learned(beside, key)
    counts = with_option(beside, other, another(beside, other))
    usual, read = what_is_learned(counts, key), [name for name in names if name not in without_effect(counts)]
    own, fields = [[name] for name in names if "." in name], [name for name in read if "." not in name]
    assert {name for each in own for name in each} <= {*read}
    for some in [*own, fields] if fields else own:
        assert what_is_learned(with_others(counts, some), key) != usual, some


def test_epochs_alone_replace_the_steps_of_a_recipe_and_of_a_file(tmp_path):
    (tmp_path / "mine.toml").write_text('model = "gan"\nepochs = 4\n')
    for words in (["--model", "gan", "--epochs", "4"], ["--config", str(tmp_path / "mine.toml")]):
        recipe = read(words, "zoo").recipe  # pyright: ignore[reportAttributeAccessIssue]
        assert (recipe.epochs, recipe.steps, recipe.expect) == (4, None, None)


def test_a_sweep_trains_settings_that_differ_in_nothing_once_and_refuses_what_never_has_an_effect():
    chosen = resolve_recipe({"model": "mlp", "dataset": "iris"})
    settings, _ = settings_of(chosen, {"opt": "sgd,adam", "momentum": "0.5,0.8"})
    assert [(each.recipe.opt, each.given["momentum"]) for each in settings] == [
        ("sgd", 0.9),
        ("adam", 0.5),
        ("adam", 0.8),
    ]
    with pytest.raises(BadInput, match=r"--momentum 0\.5 has no effect with --opt sgd"):
        settings_of(chosen, {"opt": "sgd,gd", "momentum": "0.5,0.8"})


def test_a_value_without_effect_of_python_is_told_and_its_run_is_resumed(tmp_path, capsys):
    recipe = replace(recipe_for("perceptron", "iris"), ema=0.9, epochs=1)
    run(recipe, RunOptions(out=tmp_path / "run", pictures=False, quiet=True))
    assert "warning: ema = 0.9 of the recipe has no effect on perceptron" in capsys.readouterr().err
    assert main(["--resume", str(tmp_path / "run"), "--epochs", "2"]) == 0
    assert ignored(replace(recipe_for("dbn"), t={"fine_tuning": "none", "pretraining": 0.1})) == [
        "t.pretraining = 0.1 of the recipe has no effect with --t.fine-tuning none"
    ]
    assert ignored(recipe_for("wgan_gp")) == ignored(replace(recipe_for("wgan_gp"), opt="sgd")) == []


def test_a_run_too_short_for_a_decay_of_its_rate_is_told():
    lines = []
    for changed in ({"sched": "step", "epochs": 3}, {"sched": "plateau", "epochs": 3}, {"sched": "step"}):
        recipe = replace(recipe_for("logistic", "iris"), step_epochs=3, **changed)
        setup(recipe, Place(print_fn=lines.append), score_samples=False)
    assert [line for line in lines if "never falls" in line] == [
        f"the learning rate never falls: --sched {sched} with --step-epochs 3 needs more than 3 epochs"
        for sched in ("step", "plateau")
    ]


def test_named_epochs_of_decays_leave_no_effect_to_their_interval():
    recipe = replace(recipe_for("mlp"), sched="step", step_at=(2.0, 4.0))
    check_effects(recipe, {"step_at": (2.0, 4.0), "decay": 0.5})
    with pytest.raises(BadInput, match=r"--step-epochs 3 has no effect with --step-at 2.0 4.0, which sets"):
        check_effects(recipe, {"step_epochs": 3})
    lines = []
    check_updates(recipe, steps=20, steps_per_epoch=10, print_fn=lines.append)
    assert lines == ["the learning rate never falls: --sched step with --step-at 2.0 4.0 needs more than 2 epochs"]
    check_updates(recipe, steps=30, steps_per_epoch=10, print_fn=lines.append)
    assert len(lines) == 1
