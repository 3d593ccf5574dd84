"""Neural Network Zoo in pure JAX: every model is a pair of pure functions, `init` and `apply`.

from zoo import cnn
model = cnn(10)
params, state = model.init(key, x)
y, state = model.apply(params, state, x, key)   # with a key: training; without: inference
"""

from . import _early_exit

if _early_exit.is_command():  # before everything else is imported
    _early_exit.exit_on_signals()

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from . import _catalogue

if TYPE_CHECKING:  # for editors only: at run time models are found by file name, and need no line here
    from .attention import attention as attention
    from .autoencoder import autoencoder as autoencoder
    from .bigru import bigru as bigru
    from .bilstm import bilstm as bilstm
    from .birnn import birnn as birnn
    from .boltzmann import boltzmann as boltzmann
    from .capsule import capsule as capsule
    from .cgan import cgan as cgan
    from .cnn import cnn as cnn
    from .colorize import colorize as colorize
    from .dae import dae as dae
    from .dbn import dbn as dbn
    from .dcgan import dcgan as dcgan
    from .dcign import dcign as dcign
    from .deconvolutional import deconvolutional as deconvolutional
    from .denoise import denoise as denoise
    from .dnc import dnc as dnc
    from .elm import elm as elm
    from .esn import esn as esn
    from .gan import gan as gan
    from .gru import gru as gru
    from .hopfield import hopfield as hopfield
    from .kohonen import kohonen as kohonen
    from .linear import linear as linear
    from .logistic import logistic as logistic
    from .lsm import lsm as lsm
    from .lstm import lstm as lstm
    from .markov import markov as markov
    from .mlp import mlp as mlp
    from .ntm import ntm as ntm
    from .perceptron import perceptron as perceptron
    from .rbf import rbf as rbf
    from .rbm import rbm as rbm
    from .resnet import resnet as resnet
    from .rnn import rnn as rnn
    from .sae import sae as sae
    from .svm import svm as svm
    from .train.in_memory.fit import fit as fit
    from .train.trained.model import load as load
    from .transformer import transformer as transformer
    from .vae import vae as vae
    from .wgan import wgan as wgan
    from .wgan_gp import wgan_gp as wgan_gp

__version__ = "0.1.0"
__all__ = ["create", "fit", "list_models", "load", *_catalogue.own_names()]  # pyright: ignore[reportUnsupportedDunderAll]

_ABOVE = {"fit": ".train.in_memory.fit", "load": ".train.trained.model"}  # imported on first use


def list_models(pattern: str = "*") -> list[str]:
    """Returns the names of all models, or of those that match a pattern, in alphabetical order.

    Models that installed packages register are listed too.

    Args:
        pattern: a shell pattern (`*net`) or a part of the name.

    >>> list_models("*net")
    ['resnet']
    """
    return list(_catalogue.names(pattern))


def create(name: str, *args: Any, **options: Any) -> Any:
    """Builds a model by name: `create("mlp", 10, hidden=(64,))` is `mlp(10, hidden=(64,))`.

    Args:
        name: name of the model, one of `list_models()`, or a reference to a function of your own,
            `package.module:function` or `./file.py:function`.
        *args: positional arguments of the model's factory.
        **options: keyword arguments of the model's factory.

    Raises:
        ValueError: if there is no model of that name; the message suggests the closest one.

    >>> create("mlp", 10)._fields
    ('init', 'apply')
    """
    return _catalogue.factory(_catalogue.resolve(name))(*args, **options)


def __getattr__(name: str) -> Any:
    """Imports a model on first access, so that `import zoo` stays light."""
    if name in _ABOVE:
        return getattr(import_module(_ABOVE[name], __name__), name)
    if name == "sklearn":
        return import_module(".sklearn", __name__)
    if name in _catalogue.own_names():
        import_module(f".{name}", __name__)
        return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class _Face(ModuleType):
    """Module type that binds `zoo.cnn` to the factory; Python's import would bind it to the submodule."""

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, ModuleType) and name in _catalogue.own_names():
            value = getattr(value, name)
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Face
