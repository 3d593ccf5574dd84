import json
from dataclasses import asdict, fields
from itertools import product

import pytest

from zoo import _catalogue
from zoo.train.__main__ import main
from zoo.train.cli.train_args import Command, check, read, resolve_recipe
from zoo.train.config.recipe import Recipe, book, recipe_for
from zoo.train.config.run_options import RunOptions
from zoo.train.config.schema import BESIDES, recipe_flags, run_flags
from zoo.train.data.sources import sources
from zoo.train.errors import BadInput


def command(*words):
    found = read(words, "train")
    assert isinstance(found, Command)
    return found


def recipe(*words):
    return command(*words).recipe


def text(*words):
    found = read(words, "train")
    assert isinstance(found, str)
    return found


def test_without_flags_the_recipe_is_that_of_the_zoo_with_every_option_spelled_out():
    mine, own = recipe("--model", "mlp"), recipe_for("mlp")
    assert mine.m == {option.name: option.default for option in _catalogue.card("mlp").options} | dict(own.m)
    assert set(mine.m) >= {"hidden", "activation", "dropout"}
    assert mine.d == {"fold": 0}
    assert {**asdict(mine), "m": {}, "d": {}} == {**asdict(own), "m": {}, "d": {}}


def test_every_field_has_a_flag_and_a_help():
    flags = [*recipe_flags(recipe_for("cnn")), *run_flags()]
    assert {flag.name for flag in flags} == {f.name for c in (Recipe, RunOptions) for f in fields(c)} - BESIDES
    assert all(flag.help for flag in flags)
    assert len({flag.name for flag in flags}) == len(flags), "two flags of one name"


def test_flags_of_all_types_are_parsed():
    found = command(
        *("--model", "mlp", "--dataset", "spiral", "-b", "32", "--lr=1e-2", "--clip_grad", "1", "--steps", "7"),
        *("--m.hidden", "8", "4", "--m.activation", "tanh", "--m.dropout", "0.5", "--d.noise", "10"),
        *("--out", "x_y", "--overwrite", "--no-quiet", "--platform", "none", "--on-nan", "skip"),
    )
    mine = found.recipe
    assert (mine.batch_size, mine.lr, mine.clip_grad, mine.steps) == (32, 0.01, 1.0, 7)
    assert mine.m == {"hidden": (8, 4), "activation": "tanh", "dropout": 0.5}
    assert mine.d["noise"] == 10
    assert (str(found.options.out), found.options.overwrite, found.options.on_nan) == ("x_y", True, "skip")
    assert (found.options.quiet, found.options.platform) == (False, None)
    assert not found.dry_run
    assert command("--model", "cnn", "--dry-run").dry_run


def test_a_list_may_be_empty_and_none_unsets_a_value():
    assert recipe("--model", "mlp", "--m.hidden").m["hidden"] == ()
    assert recipe("--model", "mlp", "--steps", "5", "--steps", "None").steps is None


def test_a_named_recipe_and_the_default_of_a_data_set_are_found():
    nielsen = recipe("--model", "mlp", "--recipe", "nielsen")
    assert (nielsen.dataset, nielsen.lr, nielsen.m["hidden"]) == ("mnist", 3.0, (30,))
    assert recipe("--model", "mlp", "--dataset", "iris").m["hidden"] == recipe_for("mlp", "iris").m["hidden"]


def test_the_command_line_overrides_the_file_and_the_file_the_recipe(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text('model = "mlp"\ndataset = "iris"\nlr = 0.5\nepochs = 3\nsteps = "none"\n[m]\nhidden = [5]\n')
    mine = recipe("--config", str(file), "--epochs", "4")
    assert (mine.lr, mine.epochs, mine.steps, mine.opt) == (0.5, 4, None, recipe_for("mlp", "iris").opt)
    assert mine.m["hidden"] == (5,)
    other = recipe("--config", str(file), "--dataset", "wine", "--m.hidden", "6")
    assert (other.dataset, other.lr, other.m["hidden"]) == ("wine", 0.5, (6,))


@pytest.mark.parametrize("words", [["--model", "cnn"], ["--model", "mlp", "--recipe", "nielsen", "--seed", "3"]])
def test_a_printed_configuration_is_read_as_the_same_recipe(tmp_path, words):
    file = tmp_path / "printed"
    file.write_text(text(*words, "--print-config"))
    assert recipe("--config", str(file)) == recipe(*words)


def test_the_configuration_of_a_run_is_read_as_its_recipe(tmp_path):
    mine = recipe("--model", "cnn", "--m.filters", "8", "--patience", "3")
    (tmp_path / "config.json").write_text(json.dumps({"recipe": asdict(mine), "versions": {}, "argv": []}))
    assert recipe("--config", str(tmp_path / "config.json")) == mine
    assert recipe("--config", str(tmp_path)) == mine


def test_the_expected_result_is_dropped_when_the_computation_changes(tmp_path):
    assert recipe("--model", "cnn", "--seed", "5").expect == recipe_for("cnn").expect is not None
    assert recipe("--model", "cnn", "--epochs", "2.5").expect is None
    assert recipe("--model", "cnn", "--m.dropout", "0.125").expect is None
    file = tmp_path / "mine.toml"
    own = '[expect]\nmetric = "accuracy"\nvalue = 0.5\nsource = "me"\n'
    file.write_text(f'model = "cnn"\ndataset = "digits"\nlr = 0.5\n{own}')
    found = recipe("--config", str(file)).expect
    assert (found.value, found.source) == (0.5, "me")
    assert recipe("--config", str(file), "--lr", "0.6").expect is None
    assert recipe("--config", str(file), "--dataset", "mnist").expect is None


BAD_FLAGS = [
    (["--learning-rate", "1"], "unknown flag --learning-rate; did you mean --lr?"),
    (["--batch=3"], "unknown flag --batch; did you mean --batch-size?"),
    (["--optimizer", "sgd"], "unknown flag --optimizer; did you mean --opt?"),
    (["--iterations", "5"], "unknown flag --iterations; did you mean --steps?"),
    (["--epoch", "5"], "unknown flag --epoch; did you mean --epochs?"),
    (["--momntum", "5"], "unknown flag --momntum; did you mean --momentum?"),
    (["--dropout", "0"], "unknown flag --dropout; did you mean --m.dropout?"),
    (["--m.filtres", "3"], "unknown flag --m.filtres; did you mean --m.filters?"),
    (["--d.folds", "3"], "unknown flag --d.folds; did you mean --folds?"),
    (["--list-model"], "unknown flag --list-model; did you mean --list-models?"),
    (["--mode", "cnn"], "unknown flag --mode; did you mean --model?"),
    (["--zzz"], "unknown flag --zzz; --help lists all flags"),
    (["-x"], "unknown flag -x"),
    (["5"], "unexpected '5'"),
    (["--lr", "nan"], "--lr must be a number above 0, got nan"),
    (["--lr", "-1"], "--lr must be a number above 0, got -1"),
    (["--lr", "fast"], "--lr must be a number, got 'fast'"),
    (["--lr"], "--lr needs a value"),
    (["--epochs", "-1"], "--epochs must be a number above 0"),
    (["--batch-size", "0"], "--batch-size must be a whole number of at least 1, got 0"),
    (["-b", "1.5"], "--batch-size must be a whole number, got '1.5'"),
    (["--clip-grad", "much"], "--clip-grad must be a number or none, got 'much'"),
    (["--opt", "adm"], "--opt 'adm' is not known; did you mean adam? (choose from gd"),
    (["--m.activation", "rleu"], "--m.activation 'rleu' is not known; did you mean relu?"),
    (["--m.filters", "3", "x"], "--m.filters must be a whole number, got 'x'"),
    (["--quiet=yes"], "--quiet/--no-quiet takes no value, got 'yes'"),
    (["--log-every", "0"], "--log-every must be a whole number of at least 1 or none, got 0"),
    (["--platform", "gpus"], "--platform 'gpus' is not known; did you mean gpu?"),
    (["--dataset", "iris"], "cnn accepts image data; iris is table data of shape 4."),
    (["--task", "recal"], "--task 'recal' is not known; did you mean recall? (choose from"),
    (["--dataset", "mnsit"], "unknown data set 'mnsit'; did you mean mnist?"),
    (["--recipe", "nielsen"], "cnn has no recipe 'nielsen'"),
]


@pytest.mark.fault(row=15)
@pytest.mark.parametrize(("words", "message"), BAD_FLAGS, ids=lambda each: " ".join(each) if each == list(each) else "")
def test_bad_input_exits_with_2_and_one_line(words, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["--model", "cnn", *words]) == 2
    found = capsys.readouterr()
    assert found.out == ""
    assert found.err.startswith(f"error: {message}")
    assert found.err.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "no model given"),
        (["--epochs", "3"], "no model given"),
        (["cnn"], "did you mean --model cnn?"),
        (["--model", "cnnn"], "unknown model 'cnnn'; did you mean cnn?"),
        (["--model"], "--model needs a value"),
        (["--model", "linear", "--dataset", "digits"], "linear does regression; digits is a multiclass task"),
        (["--list-models", "zebra*"], "no model matches 'zebra*'"),
    ],
)
def test_without_a_usable_model_the_message_shows_the_usage(words, message, capsys):
    assert main(words) == 2
    assert message in capsys.readouterr().err


def test_values_that_the_model_rejects_are_bad_input_too(tmp_path, capsys):
    words = ["--model", "cnn", "--m.filters", "0", "--compile-cache", "off", "--out", str(tmp_path / "run")]
    assert main(words) == 2
    assert "got 0" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_help_lists_the_options_of_the_model_and_the_values_of_the_recipe_in_groups(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    page = text("--model", "cnn", "--help")
    assert _catalogue.card("cnn").text in page
    groups = [line[:-1] for line in page.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert groups[:3] == ["model and data", "length", "optimizer"]
    assert {"the model cnn", "the data set digits", "the run"} <= set(groups)
    assert "--m.filters [N ...]" in page
    assert f"(default: {' '.join(map(str, recipe('--model', 'cnn').m['filters']))})" in page
    assert "%%" not in page
    assert "--d.noise" in text("--model", "mlp", "--dataset", "spiral", "-h")


def test_help_shows_the_values_of_a_file(tmp_path):
    (tmp_path / "a.toml").write_text("lr = 0.123\n")
    assert "0.123" in text("--model", "cnn", "--config", str(tmp_path / "a.toml"), "--help")


def test_help_without_a_model_fits_a_screen_and_gives_examples():
    page = text("--help")
    assert page.count("\n") < 40
    assert "train --model cnn\n" in page


def test_the_lists_name_everything_and_take_a_pattern():
    assert all(name in text("--list-models") for name in _catalogue.names())
    lines = text("--list-models", "*net").splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [["resnet", "digits"]]
    assert all(name in text("--list-datasets") for name in sources())
    assert text("--version").startswith("zoo ")


def accepts(model, dataset):
    pages, data = book(model), sources()[dataset]
    any_task = all(each.task for each in pages.recipes)  # a model that is trained for tasks of its own
    return data.kind in pages.kinds and (any_task or data.task in pages.tasks)


def test_every_model_has_a_recipe_for_every_data_set_that_it_accepts_and_for_no_other():
    for model, dataset in product(_catalogue.names(), sources()):
        if accepts(model, dataset):
            found = recipe_for(model, dataset)
            check(found)
            assert (found.model, found.dataset) == (model, dataset)
        else:
            with pytest.raises(BadInput, match="Choose another model"):
                recipe_for(model, dataset)


def test_the_command_line_takes_every_model_and_every_data_set_and_refuses_those_that_do_not_suit():
    pairs = [pair for pair in product(_catalogue.names(), sources()) if accepts(*pair)]
    for model, dataset in {(i, pair[i]): pair for pair in pairs for i in (0, 1)}.values():
        found = recipe("--model", model, "--dataset", dataset)
        assert (found.model, found.dataset) == (model, dataset)
    with pytest.raises(BadInput, match="Choose another model"):
        recipe("--model", "cnn", "--dataset", "iris")


def test_a_short_run_shortens_the_default_warmup(tmp_path):
    own = recipe_for("cnn").warmup_epochs
    assert own > 0
    assert recipe("--model", "cnn", "--epochs", f"{own}").warmup_epochs == own / 10
    assert recipe("--model", "cnn", "--epochs", f"{own + 1}").warmup_epochs == own
    (tmp_path / "short").write_text(f"epochs = {own / 2}\n")
    assert recipe("--model", "cnn", "--config", str(tmp_path / "short")).warmup_epochs == own / 20
    with pytest.raises(BadInput, match="--warmup-epochs must be less than --epochs"):
        recipe("--model", "cnn", "--epochs", "1", "--warmup-epochs", "1")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("lr = 'fast'", "lr must be a number above 0, got 'fast'"),
        ("lr = true", "lr must be a number above 0, got True"),
        ("learning_rate = 1", "unknown key 'learning_rate'"),
        ("epoch = 1", "unknown key 'epoch'; did you mean epochs?"),
        ("quiet = true", "quiet is an option of the run, not of the recipe"),
        ("[m]\nfilter = 3", "the model has no option m.filter; did you mean m.filters?"),
        ("[m]\nfilters = ['a']", "m.filters must be a list of whole numbers"),
        ("[d]\nnoise = 3", "the data set has no option d.noise (it has d.fold)"),
        ("m = 3", "m must be a table, got 3"),
        ("trainer = 'perceptron'", "cnn is trained by supervised, not by perceptron"),
        ("lr = 0.1\nexpect = 3", "expect must be a table of metric, value, source, got 3"),
        (
            'lr = 0.1\nexpect = {metric = "accuracy", value = 0.9, source = "me", upper = 0.5}',
            "expect of accuracy: upper 0.5 must be at least the value 0.9",
        ),
        ("lr =", "is not valid TOML"),
        ("{", "is not valid JSON"),
        ("3", "is not valid TOML"),
        ("model = 3", "model must be a text, got 3"),
        ("opt = 'adm'", "opt 'adm' is not known; did you mean adam?"),
        ("lr = nan", "lr must be a number above 0, got nan"),
    ],
)
def test_a_bad_configuration_is_rejected_with_its_reason(tmp_path, content, message):
    file = tmp_path / "mine"
    file.write_text(content.replace("lr = 0.1\n", 'dataset = "digits"\nmodel = "cnn"\nlr = 0.1\n'))
    with pytest.raises(BadInput) as caught:
        read(["--model", "cnn", "--config", str(file)], "train")
    assert message in str(caught.value)


def test_an_unreadable_configuration_is_rejected(tmp_path):
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "list.json").write_text("[1]")
    reasons = {"nothing": "No such file", "bytes": "it is not UTF-8 text", "list.json": "must hold a table"}
    for name, reason in reasons.items():
        with pytest.raises(BadInput, match=reason):
            read(["--model", "cnn", "--config", str(tmp_path / name)], "train")


def test_a_configuration_is_never_executed(tmp_path):
    canary = tmp_path / "canary"
    file = tmp_path / "mine.py"
    file.write_text(f"open({str(canary)!r}, 'w')\n")
    with pytest.raises(BadInput):
        read(["--config", str(file)], "train")
    assert not canary.exists()


def test_the_table_of_a_terminal_is_cut_at_its_width(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    assert max(map(len, text("--list-models").splitlines())) <= 60


def test_options_are_checked_in_python_too():
    assert str(RunOptions(out="a/b").out) == "a/b"
    for options in ({"on_nan": "stop"}, {"overwrite": 1}, {"log_every": 0}, {"log_every": 1.5}, {"require": "tpus"}):
        with pytest.raises(BadInput, match="--"):
            RunOptions(**options)


@pytest.mark.parametrize("model", _catalogue.own_names())
def test_every_recipe_of_the_zoo_passes_the_checks_of_the_command_line(model):
    for each in book(model).recipes:
        check(each)


def test_no_recipe_name_is_the_recipe_of_the_data_set_not_one_of_similar_data():
    for words in ({}, {"recipe": None}, {"recipe": ""}):
        found = resolve_recipe({"model": "cnn", "dataset": "digits", **words}).recipe({})
        assert (
            found.weight_decay == recipe_for("cnn", "digits").weight_decay != recipe_for("cnn", "images").weight_decay
        )


def test_the_epochs_of_decays_are_a_list():
    words = ["--model", "resnet", "--dataset", "cifar10"]
    assert recipe(*words).step_at == (82, 123)
    assert recipe(*words, "--step-at", "3", "4.5").step_at == (3, 4.5)
    assert recipe(*words, "--step-at").step_at == ()
    with pytest.raises(BadInput, match="--step-at must be a list of numbers above 0"):
        recipe(*words, "--step-at", "0")
    for given in (("5", "3"), ("3", "3", "5")):
        with pytest.raises(BadInput, match="the epochs must rise, as in --step-at 3 5"):
            recipe(*words, "--step-at", *given)
    with pytest.raises(BadInput, match=r"--step-at .*, got '5,3' \(several have spaces between them: 5 3\)"):
        recipe(*words, "--step-at", "5,3")
