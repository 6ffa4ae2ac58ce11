# SPDX-License-Identifier: Apache-2.0
"""Kernels in the style of large libraries: views as classes, allocators with addresses, helpers, options, blocks."""
import math
import unittest
from dataclasses import dataclass
from typing import Optional, Tuple

import nki
import nki.isa as nisa
import nki.language as nl
import numpy as np
from devices import close, normal, on
from nki.isa.constants import dge_mode, oob_mode, reduce_cmd

P_MAX = nl.tile_size.pmax


def div_ceil(a, b):
    return (a + b - 1) // b


def kernel_assert(condition, message):
    assert condition, f"[kernel] {message}"


@dataclass
class View(nl.NKIObject):
    """Shape, strides and offset over a base tensor; becomes an access pattern at the end."""
    base: nl.NkiTensor
    shape: Tuple[int, ...] = None
    strides: Tuple[int, ...] = None
    offset: int = 0

    def __post_init__(self):
        if self.shape is None:
            self.shape = tuple(self.base.shape)
            strides, step = [], 1
            for size in reversed(self.shape):
                strides.insert(0, step)
                step *= size
            self.strides = tuple(strides)

    def slice(self, dim, start, end, step=1):
        shape, strides = list(self.shape), list(self.strides)
        shape[dim] = div_ceil(end - start, step)
        strides[dim] *= step
        return View(self.base, tuple(shape), tuple(strides), self.offset + start * self.strides[dim])

    def permute(self, dims):
        return View(base=self.base, shape=tuple(self.shape[d] for d in dims), strides=tuple(self.strides[d] for d in dims),
                    offset=self.offset)

    def broadcast(self, dim, size):
        shape, strides = list(self.shape), list(self.strides)
        shape[dim], strides[dim] = size, 0
        return View(self.base, tuple(shape), tuple(strides), self.offset)

    def get_view(self):
        pattern = [[stride, size] for stride, size in zip(self.strides, self.shape)]
        return self.base.ap(pattern=pattern, offset=self.offset)


class StackAllocator(nl.NKIObject):
    """Addresses in SBUF, bytes per partition."""

    def __init__(self, start: int, end: int):
        self.start, self.end, self.top = start, end, start

    def __call__(self, shape, dtype, name=""):
        size = math.prod(shape[1:]) * {"float32": 4, "bfloat16": 2}[str(dtype).split(".")[-1]]
        kernel_assert(self.top + size <= self.end, f"{name} does not fit")
        tile = nl.ndarray(shape, dtype=dtype, buffer=nl.sbuf, name=name, address=(0, self.top))
        self.top += (size + 31) // 32 * 32
        return tile


@nki.jit
def rmsnorm(x, gamma, eps=1e-6, lower_precision: Optional[nl.NkiTensor] = None):
    """Rows of x, 128 at a time; gamma is loaded once to every partition by a view that repeats it."""
    rows, hidden = x.shape
    kernel_assert(gamma.shape == (1, hidden), f"gamma is {gamma.shape}")
    out = nl.ndarray(x.shape, dtype=x.dtype, buffer=nl.shared_hbm)
    alloc = StackAllocator(0, nl.tile_size.total_available_sbuf_size)
    gamma_tile = alloc((P_MAX, hidden), nl.float32, name="gamma")
    nisa.dma_copy(dst=gamma_tile, src=View(gamma).broadcast(0, P_MAX).get_view(), dge_mode=dge_mode.none)
    eps_tile = alloc((P_MAX, 1), nl.float32, name="eps")
    nisa.memset(dst=eps_tile, value=eps)
    for tile_index in range(div_ceil(rows, P_MAX)):
        start = tile_index * P_MAX
        count = min(P_MAX, rows - start)
        data = nl.ndarray((P_MAX, hidden), dtype=x.dtype, buffer=nl.sbuf, name=f"data{tile_index}",
                          address=(0, alloc.top))
        nisa.dma_copy(dst=data[:count], src=x[start:start + count], oob_mode=oob_mode.error)
        square = nl.ndarray((P_MAX, hidden), dtype=nl.float32, buffer=nl.sbuf, name=f"square{tile_index}",
                            address=(0, alloc.top + 8192))
        sums = nl.ndarray((P_MAX, 1), dtype=nl.float32, buffer=nl.sbuf, name=f"sums{tile_index}", address=(0, alloc.top + 16384))
        nisa.activation(dst=square[:count], op=nl.square, data=data[:count], reduce_op=nl.add, reduce_res=sums[:count],
                        reduce_cmd=reduce_cmd.reset_reduce)
        nisa.activation(dst=sums[:count], op=nl.rsqrt, data=sums[:count], scale=1.0 / hidden, bias=eps_tile[:count])
        nisa.scalar_tensor_tensor(dst=data[:count], data=data[:count], op0=nl.multiply, operand0=sums[:count, 0], op1=nl.multiply,
                                  operand1=gamma_tile[:count])
        nisa.dma_copy(dst=out[start:start + count, :], src=data[:count, :])
    return out


@dataclass
class AttentionConfig(nl.NKIObject):
    scale: float = 1.0
    causal: bool = True
    kv_tile = 128

    def __post_init__(self):
        kernel_assert(self.kv_tile <= P_MAX, "kv_tile")


def load_transposed(src, rows, columns, dtype, name):
    """src[rows, columns] as [columns, rows] by way of the Tensor engine."""
    held = nl.ndarray((rows, columns), dtype=dtype, buffer=nl.sbuf, name=f"{name}_rows")
    nisa.dma_copy(dst=held, src=src)
    turned = nl.ndarray((columns, rows), dtype=dtype, buffer=nl.psum, name=f"{name}_psum")
    nisa.nc_transpose(dst=turned, data=held)
    result = nl.ndarray((columns, rows), dtype=dtype, buffer=nl.sbuf, name=f"{name}_t")
    nisa.tensor_copy(dst=result, src=turned, engine=nisa.engine.scalar)
    return result


@nki.jit
def attention(q, k, v, config=None):
    """softmax(q k^T * scale, causal) v for one head; running maximum and sum over tiles of keys."""
    config = AttentionConfig(scale=1 / math.sqrt(q.shape[1])) if config is None else config
    seq, d = q.shape
    step = config.kv_tile
    out = nl.ndarray(q.shape, dtype=q.dtype, buffer=nl.shared_hbm)
    for qi in nl.sequential_range(seq // 128):
        q_t = load_transposed(q[nl.ds(qi * 128, 128)], 128, d, q.dtype, f"q{qi}")
        acc = nl.ndarray((128, d), nl.float32, buffer=nl.sbuf)
        nisa.memset(acc, 0.0)
        top = nl.ndarray((128, 1), nl.float32, buffer=nl.sbuf)
        nisa.memset(top, -1e30)
        total = nl.ndarray((128, 1), nl.float32, buffer=nl.sbuf)
        nisa.memset(total, 0.0)
        for ki in nl.static_range(seq // step):
            if config.causal and ki * step > qi * 128 + 127:
                continue
            k_t = load_transposed(k[ki * step:(ki + 1) * step, :], step, d, k.dtype, f"k{qi}_{ki}")
            v_tile = nl.ndarray((step, d), v.dtype, buffer=nl.sbuf)
            nisa.dma_copy(dst=v_tile, src=v.slice(0, ki * step, (ki + 1) * step))
            scores = nl.ndarray((128, step), nl.float32, buffer=nl.psum)
            nisa.nc_matmul(dst=scores, stationary=q_t, moving=k_t)
            scaled = nl.ndarray((128, step), nl.float32, buffer=nl.sbuf)
            nisa.tensor_scalar(dst=scaled, data=scores, op0=nl.multiply, operand0=config.scale)
            if config.causal:
                nisa.affine_select(dst=scaled, pattern=[[-1, step]], channel_multiplier=1, on_true_tile=scaled, on_false_value=-1e30,
                                   cmp_op=nl.greater_equal, offset=qi * 128 - ki * step)
            here = nl.ndarray((128, 1), nl.float32, buffer=nl.sbuf)
            nisa.tensor_reduce(dst=here, op=nl.maximum, data=scaled, axis=1)
            new_top = nl.ndarray((128, 1), nl.float32, buffer=nl.sbuf)
            nisa.tensor_tensor(dst=new_top, data1=top, data2=here, op=nl.maximum)
            low = nl.ndarray((128, 1), nl.float32, buffer=nl.sbuf)
            nisa.tensor_scalar(dst=low, data=new_top, op0=nl.multiply, operand0=-1.0)
            correction = nl.ndarray((128, 1), nl.float32, buffer=nl.sbuf)
            nisa.activation(dst=correction, op=nl.exp, data=top, bias=low)
            nisa.tensor_copy(dst=top, src=new_top)
            weights = nl.ndarray((128, step), v.dtype, buffer=nl.sbuf)
            sums = nl.ndarray((128, 1), nl.float32, buffer=nl.sbuf)
            nisa.activation_reduce(dst=weights, op=nl.exp, data=scaled, reduce_op=nl.add, reduce_res=sums, bias=low)
            nisa.scalar_tensor_tensor(dst=total, data=total, op0=nl.multiply, operand0=correction, op1=nl.add, operand1=sums)
            turned = nl.ndarray((step, 128), v.dtype, buffer=nl.psum)
            nisa.nc_transpose(dst=turned, data=weights)
            weights_t = nl.ndarray((step, 128), v.dtype, buffer=nl.sbuf)
            nisa.tensor_copy(dst=weights_t, src=turned)
            product = nl.ndarray((128, d), nl.float32, buffer=nl.psum)
            nisa.nc_matmul(dst=product, stationary=weights_t, moving=v_tile)
            nisa.scalar_tensor_tensor(dst=acc, data=acc, op0=nl.multiply, operand0=correction, op1=nl.add, operand1=product)
        nisa.reciprocal(dst=total, data=total)
        result = nl.ndarray((128, d), q.dtype, buffer=nl.sbuf)
        nisa.tensor_scalar(dst=result, data=acc, op0=nl.multiply, operand0=total)
        nisa.dma_copy(dst=out[qi * 128:(qi + 1) * 128], src=result)
    return out


@nki.jit
def rope(x, cos, sin, out):
    """Pairs (i, i + d/2) of x[rows, heads, d] are rotated; the result goes to an argument."""
    rows, heads, d = x.shape
    half = d // 2
    for start in range(0, rows, P_MAX):
        here = nl.ds(start, P_MAX)
        x_tile, c_tile, s_tile = nl.load(x[here]), nl.load(cos[here]), nl.load(sin[here])
        made = nl.ndarray((P_MAX, heads, d), x.dtype, buffer=nl.sbuf)
        c_all = c_tile.expand_dim(1).broadcast(1, heads)
        s_all = s_tile.reshape((P_MAX, 1, half)).broadcast(1, heads)
        product = nl.ndarray((P_MAX, heads, half), x.dtype, buffer=nl.sbuf)
        first, second = x_tile[:, :, 0:half], x_tile[:, :, half:]
        for to, a, b, op in ((made[:, :, :half], first, second, nl.subtract), (made[:, :, half:d], second, first, nl.add)):
            nisa.tensor_tensor(dst=to, data1=a, data2=c_all, op=nl.multiply)
            nisa.tensor_tensor(dst=product, data1=b, data2=s_all, op=nl.multiply)
            nisa.tensor_tensor(dst=to, data1=to, data2=product, op=op)
        nisa.dma_copy(dst=out[here], src=made)


@nki.jit
def mamba_scan(delta, u, a, b, c):
    """y[ch, t] = sum over states of c * h, h = exp(delta * a) h + delta * u * b; channels on partitions."""
    channels, seq = delta.shape
    states = a.shape[1]
    out = nl.ndarray((channels, seq), delta.dtype, nl.shared_hbm)
    delta_t, u_t, a_t = nl.load(delta), nl.load(u), nl.load(a)
    delta_u = nl.ndarray((channels, seq), nl.float32, nl.sbuf)
    nisa.tensor_tensor(delta_u, delta_t, u_t, nl.multiply)
    y = nl.ndarray((channels, seq), nl.float32, nl.sbuf)
    nisa.memset(y, 0)
    for s in nl.affine_range(states):
        b_row, c_row = (nl.broadcast_to(nl.load(each[s:s + 1]), (channels, seq)) for each in (b, c))
        decay, drive, h = (nl.ndarray((channels, seq), nl.float32, nl.sbuf) for _ in range(3))
        nisa.activation(decay, nl.exp, delta_t, scale=a_t[:, s])
        nisa.tensor_tensor(drive, delta_u, b_row, nl.multiply)
        nisa.tensor_tensor_scan(h, decay, drive, initial=0.0, op0=np.multiply, op1=np.add)
        nisa.tensor_tensor(h, h, c_row, op=nl.multiply)
        y += h
    nl.store(out, y)
    return out


class LibraryStyle(unittest.TestCase):
    @on()
    def test_rmsnorm_with_addresses_and_a_class_of_views(self):
        x, gamma = normal(200, 512), normal(1, 512, seed=1)
        close(self, rmsnorm(x, gamma), x / np.sqrt((x * x).mean(1, keepdims=True) + 1e-6) * gamma, relative=1e-4)

    @on()
    def test_attention(self):
        for causal in (True, False):
            q, k, v = (normal(256, 64, seed=i) for i in range(3))
            scores = (q @ k.T).astype(np.float64) / 8
            scores[np.triu_indices(256, 1)] = -np.inf if causal else scores[np.triu_indices(256, 1)]
            weights = np.exp(scores - scores.max(1, keepdims=True))
            want = weights / weights.sum(1, keepdims=True) @ v
            close(self, attention(q, k, v, config=AttentionConfig(1 / 8, causal)), want, relative=1e-4)

    @on()
    def test_rope(self):
        x, angle = normal(128, 3, 32), normal(128, 16, seed=1)
        out = np.zeros_like(x)
        rope(x, np.cos(angle), np.sin(angle), out)
        a, b, c, s = x[..., :16], x[..., 16:], np.cos(angle)[:, None], np.sin(angle)[:, None]
        close(self, out, np.concatenate([a * c - b * s, b * c + a * s], -1))

    @on()
    def test_mamba_scan(self):
        channels, seq, states = 128, 64, 4
        delta, u = np.abs(normal(channels, seq)) * 0.1, normal(channels, seq, seed=1)
        a, b, c = -np.abs(normal(channels, states, seed=2)), normal(states, seq, seed=3), normal(states, seq, seed=4)
        want, h = np.zeros((channels, seq)), np.zeros((channels, states))
        for t in range(seq):
            h = np.exp(delta[:, t:t + 1] * a) * h + (delta * u)[:, t:t + 1] * b[:, t]
            want[:, t] = h @ c[:, t]
        close(self, mamba_scan(delta, u, a, b, c), want, relative=1e-4)


if __name__ == "__main__":
    unittest.main()
