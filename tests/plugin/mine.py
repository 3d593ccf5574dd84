"""Two matrices: a network of one hidden layer, in a file of its own."""

from zoo.layers import Layer, dense, serial, tanh


def tiny(outputs: int, *, width: int = 8) -> Layer:
    """Builds the network.

    Args:
        width: units of the hidden layer.
    """
    return serial(dense(width), tanh, head=dense(outputs))
