# SPDX-License-Identifier: Apache-2.0
"""The selective state space scan of Mamba, and two ways of making it faster. For each channel c and state s

    h[s, t] = exp(delta[c, t] a[c, s]) h[s, t - 1] + delta[c, t] u[c, t] b[s, t]
    y[c, t] = sum over s of h[s, t] c[s, t]

delta, u and y are [channels, steps], a [channels, states], b and c [states, steps]. Channels are on partitions, 128 at a
time; tensor_tensor_scan runs along the steps. What is the same for all channels, a row of b or c, is spread over the
partitions by a product with ones."""
import nki
import nki.isa as nisa
import nki.language as nl
import numpy as np
from gallery import Example, tiles

P = 128
F = 512  # steps that a product spreads


def tile(steps: int, dtype=nl.float32):
    return nl.ndarray((P, steps), dtype=dtype, buffer=nl.sbuf)


def loaded(source, engine=nisa.unknown_engine):
    """Rows of a tensor as a tile, by a queue of that engine."""
    made = nl.ndarray(source.shape, dtype=source.dtype, buffer=nl.sbuf)
    nisa.dma_copy(dst=made, src=source, engine=engine)
    return made


class Rows:
    """Rows of b and c on all partitions."""

    def __init__(self, dtype):
        self.ones = nl.ndarray((1, P), dtype=dtype, buffer=nl.sbuf)
        nisa.memset(dst=self.ones, value=1, engine=nisa.gpsimd_engine)

    def in_psum(self, matrix, state: int, first: int, count: int):
        """Up to 512 steps of a row."""
        made = nl.ndarray((P, count), dtype=nl.float32, buffer=nl.psum)
        nisa.nc_matmul(dst=made, stationary=self.ones, moving=loaded(matrix[state:state + 1, first:first + count]))
        return made

    def in_sbuf(self, matrix, state: int):
        """A whole row, as it fits PSUM; Scalar brings it from there."""
        held = tile(matrix.shape[1], matrix.dtype)
        for first, count in tiles(matrix.shape[1], F):
            nisa.activation(dst=held[:, first:first + count], op=nl.copy, data=self.in_psum(matrix, state, first, count))
        return held


class Chain:
    """One state of one tile of channels over some steps: its share of y is added to total. `before` is the chain of the
    steps before, whose last value it goes on from."""

    def __init__(self, delta, u, a, b, c, total, before=None):
        self.delta, self.u, self.a, self.b, self.c, self.total = delta, u, a, b, c, total
        self.h, self.other = tile(delta.shape[1]), tile(delta.shape[1])
        self.initial = 0.0 if before is None else before.h[:, before.h.shape[1] - 1:]

    def decay(self):
        nisa.activation(dst=self.h, op=nl.exp, data=self.delta, scale=self.a)

    def input(self):
        nisa.tensor_tensor(dst=self.other, data1=self.delta, data2=self.u, op=nl.multiply)

    def into_state(self):
        nisa.tensor_tensor(dst=self.other, data1=self.other, data2=self.b, op=nl.multiply)

    def scan(self):
        nisa.tensor_tensor_scan(dst=self.h, data0=self.h, data1=self.other, initial=self.initial, op0=nl.multiply, op1=nl.add)

    def out_of_state(self):
        """With rows in PSUM the product stays there too: the sum is one more instruction with an operand in each memory, which takes
        half the time of one with both in SBUF."""
        if self.c.buffer is nl.psum:
            self.other = nl.ndarray(self.h.shape, dtype=nl.float32, buffer=nl.psum)
        nisa.tensor_tensor(dst=self.other, data1=self.h, data2=self.c, op=nl.multiply)

    def add(self):
        nisa.tensor_tensor(dst=self.total, data1=self.total, data2=self.other, op=nl.add)


def together(chains):
    """The chains take turns, so that an instruction need not wait for the one before it."""
    for step in (Chain.decay, Chain.input, Chain.into_state, Chain.scan, Chain.out_of_state, Chain.add):
        for chain in chains:
            step(chain)


def pairs(items):
    return [items[first:first + 2] for first in range(0, len(items), 2)]


def zeros(steps: int):
    made = tile(steps)
    nisa.memset(dst=made, value=0, engine=nisa.gpsimd_engine)
    return made


class Total:
    """The sum of all states for a tile of channels, set to zero where it is first needed: the first triggers of transfers on
    the same engine do not wait for the tiles of all other channels, and Vector starts earlier; the whole takes as long."""

    def __init__(self, steps: int):
        self.steps, self.made = steps, None

    def tile(self):
        if self.made is None:
            self.made = zeros(self.steps)
        return self.made


@nki.jit
def mamba_v1(delta, u, a, b, c):
    """States outside, channels inside: rows of b and c are spread once, delta and u loaded again for every state, by
    queues of two engines: transfers of one queue come one after the other, which would take longer than the scan.

    Simulated (channels 256, steps 2048, states 16, float32): trn1 624.5 us, trn2 440.5 us, trn3 355.1 us.
    """
    (channels, steps), states = delta.shape, a.shape[1]
    y = nl.ndarray(delta.shape, dtype=delta.dtype, buffer=nl.shared_hbm)
    rows = Rows(b.dtype)
    parts = [(slice(start, start + P), Total(steps)) for start in range(0, channels, P)]
    for s in nl.sequential_range(states):
        b_row, c_row = rows.in_sbuf(b, s), rows.in_sbuf(c, s)
        for pair in pairs(parts):
            together([Chain(loaded(delta[part, :]), loaded(u[part, :], nisa.gpsimd_engine), loaded(a[part, s:s + 1]), b_row, c_row, total.tile())
                      for part, total in pair])
    for part, total in parts:
        nisa.dma_copy(dst=y[part, :], src=total.tile())
    return y


@nki.jit
def mamba_v2(delta, u, a, b, c):
    """Channels outside, states inside: delta and u are loaded once, rows of b and c spread for every tile of channels.

    Simulated (channels 256, steps 2048, states 16, float32): trn1 625.6 us, trn2 447.7 us, trn3 365.1 us.
    """
    (channels, steps), states = delta.shape, a.shape[1]
    y = nl.ndarray(delta.shape, dtype=delta.dtype, buffer=nl.shared_hbm)
    rows = Rows(b.dtype)
    for start in nl.affine_range(0, channels, P):
        part = slice(start, start + P)
        held = loaded(delta[part, :]), loaded(u[part, :])
        a_part, total = loaded(a[part, :]), zeros(steps)
        for pair in pairs(range(states)):
            together([Chain(*held, a_part[:, s:s + 1], rows.in_sbuf(b, s), rows.in_sbuf(c, s), total) for s in pair])
        nisa.dma_copy(dst=y[part, :], src=total, engine=nisa.gpsimd_engine)
    return y


@nki.jit
def mamba_v3(delta, u, a, b, c):
    """As v2, with the steps cut into tiles of 512 whose rows of b and c stay in PSUM; the scan of a tile goes on where the
    one before ended.

    Simulated (channels 256, steps 2048, states 16, float32): trn1 465.7 us, trn2 452.7 us, trn3 368.9 us.
    """
    (channels, steps), states = delta.shape, a.shape[1]
    y = nl.ndarray(delta.shape, dtype=delta.dtype, buffer=nl.shared_hbm)
    rows = Rows(b.dtype)
    for start in nl.affine_range(0, channels, P):
        part = slice(start, start + P)
        delta_part, u_part, a_part = loaded(delta[part, :]), loaded(u[part, :]), loaded(a[part, :])
        pieces = [(first, count, zeros(count)) for first, count in tiles(steps, F)]
        for s in nl.sequential_range(states):
            before = None
            for pair in pairs(pieces):
                chains = []
                for first, count, total in pair:
                    now = slice(first, first + count)
                    before = Chain(delta_part[:, now], u_part[:, now], a_part[:, s:s + 1], rows.in_psum(b, s, first, count),
                                   rows.in_psum(c, s, first, count), total, before)
                    chains.append(before)
                together(chains)
        for first, count, total in pieces:
            nisa.dma_copy(dst=y[part, first:first + count], src=total, engine=nisa.gpsimd_engine)
    return y


def shapes(channels, steps, states):
    return (channels, steps), (channels, steps), (channels, states), (states, steps), (states, steps)


def values(delta, u, a, b, c):
    return np.abs(delta) * 0.1, u, -np.abs(a), b, c


def reference(delta, u, a, b, c):
    delta, u = delta.astype(np.float64), u.astype(np.float64)
    y = np.zeros_like(delta)
    for s in range(a.shape[1]):
        decay, added = np.exp(delta * a[:, s:s + 1]), delta * u * b[s]
        h = np.zeros(len(delta))
        for t in range(delta.shape[1]):
            h = decay[:, t] * h + added[:, t]
            y[:, t] += h * c[s, t]
    return y


SMALL, STATED = {"channels": 256, "steps": 600, "states": 3}, {"channels": 256, "steps": 2048, "states": 16}
EXAMPLES = [Example(each, shapes, reference, 1e-4, SMALL, STATED, (nl.float32,), values) for each in (mamba_v1, mamba_v2, mamba_v3)]
