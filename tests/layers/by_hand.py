"""Layers written out in numpy, one number at a time, to compare with."""

import numpy as np


def correlate(x, w, strides, padding, dilation, groups=1):
    """Convolution of (batch, *space, channels) with (*size, channels / groups, width); all arguments per axis."""
    rank = x.ndim - 2
    size, width = w.shape[:rank], w.shape[-1]
    x = np.pad(x, ((0, 0), *padding, (0, 0)))
    space = [
        (x.shape[1 + a] - ((size[a] - 1) * dilation[a] + 1)) // strides[a] + 1 for a in range(rank)
    ]  # whole windows
    y = np.zeros((x.shape[0], *space, width))
    share, made = x.shape[-1] // groups, width // groups
    for at in np.ndindex(*space):
        for tap in np.ndindex(*size):
            cell = tuple(at[a] * strides[a] + tap[a] * dilation[a] for a in range(rank))
            for g in range(groups):
                seen = x[(slice(None), *cell, slice(g * share, (g + 1) * share))]
                y[(slice(None), *at, slice(g * made, (g + 1) * made))] += seen @ w[tap][:, g * made : (g + 1) * made]
    return y


def spread(x, w, strides, low, space):
    """Transposed convolution: each cell of x adds its multiple of the filter (*size, width, channels) to y."""
    rank = x.ndim - 2
    y = np.zeros((x.shape[0], *space, w.shape[-2]))
    for at in np.ndindex(*x.shape[1:-1]):
        for tap in np.ndindex(*w.shape[:rank]):
            cell = tuple(at[a] * strides[a] + tap[a] - low[a] for a in range(rank))
            if all(0 <= c < n for c, n in zip(cell, space, strict=True)):
                y[(slice(None), *cell)] += x[(slice(None), *at)] @ w[tap].T
    return y


def pool(x, join, size, strides, padding):
    """Joins (np.max, np.mean) the real cells of each window."""
    rank = x.ndim - 2
    ends = [n + sum(pad) for n, pad in zip(x.shape[1:-1], padding, strict=True)]
    space = [(n - k) // s + 1 for n, k, s in zip(ends, size, strides, strict=True)]
    y = np.zeros((x.shape[0], *space, x.shape[-1]))
    for at in np.ndindex(*space):
        starts = [at[a] * strides[a] - padding[a][0] for a in range(rank)]
        window = tuple(slice(max(i, 0), max(i + k, 0)) for i, k in zip(starts, size, strict=True))
        y[(slice(None), *at)] = join(x[(slice(None), *window)], axis=tuple(range(1, rank + 1)))
    return y
