# SPDX-License-Identifier: Apache-2.0
"""Whole kernels of the first dialect, in the style of its tutorials, against numpy."""
import math
import unittest

import neuronxcc.nki as nki
import neuronxcc.nki.isa as nisa
import neuronxcc.nki.language as nl
import neuronxcc.nki.typing as nt
import numpy as np
from devices import close, normal, on
from neuronxcc.nki.language import par_dim


def add_kernel(a_input, b_input, c_output):
    """One program of a grid adds one tile; the result is an argument."""
    ix = nl.program_id(0) * 128 + nl.arange(128)[:, None]
    iy = nl.program_id(1) * 256 + nl.arange(256)[None, :]
    a_tile = nl.load(a_input[ix, iy])
    b_tile = nl.load(b_input[ix, iy])
    nl.store(c_output[ix, iy], value=a_tile + b_tile)


@nki.jit
def add(a_input, b_input):
    c_output = nl.ndarray(a_input.shape, dtype=a_input.dtype, buffer=nl.shared_hbm)
    add_kernel(a_input, b_input, c_output)
    return c_output


@nki.jit
def matmul_basic(lhsT, rhs):
    """64 x 128 x 512 in one product."""
    result = nl.ndarray((64, 512), dtype=lhsT.dtype, buffer=nl.shared_hbm)
    i_lhsT_p, i_lhsT_f = nl.mgrid[0:128, 0:64]
    i_rhs_p, i_rhs_f = nl.mgrid[0:128, 0:512]
    i_out_p, i_out_f = nl.mgrid[0:64, 0:512]
    lhs_tile = nl.load(lhsT[i_lhsT_p, i_lhsT_f])
    rhs_tile = nl.load(rhs[i_rhs_p, i_rhs_f])
    result_psum = nl.zeros((64, 512), dtype=nl.float32, buffer=nl.psum)
    result_psum[i_out_p, i_out_f] += nl.matmul(lhs_tile, rhs_tile, transpose_x=True)
    result_sbuf = nl.copy(result_psum, dtype=result.dtype)
    nl.store(result[i_out_p, i_out_f], value=result_sbuf)
    return result


@nki.jit
def matmul_hoisted(lhsT, rhs):
    """Loads of both operands hoisted out of the loops that do not change them."""
    K, M = lhsT.shape
    _, N = rhs.shape
    result = nl.ndarray((M, N), dtype=lhsT.dtype, buffer=nl.shared_hbm)
    TILE_M, TILE_K, TILE_N = nl.tile_size.gemm_stationary_fmax, nl.tile_size.pmax, nl.tile_size.gemm_moving_fmax
    i_lhsT = nl.mgrid[0:TILE_K, 0:TILE_M]
    i_rhs = nl.mgrid[0:TILE_K, 0:TILE_N]
    i_res = nl.mgrid[0:TILE_M, 0:TILE_N]
    for m in nl.affine_range(M // TILE_M):
        lhsT_tiles = nl.ndarray((K // TILE_K, nl.par_dim(TILE_K), TILE_M), dtype=lhsT.dtype, buffer=nl.sbuf)
        for k in nl.affine_range(K // TILE_K):
            lhsT_tiles[k, i_lhsT.p, i_lhsT.x] = nl.load(lhsT[k * TILE_K + i_lhsT.p, m * TILE_M + i_lhsT.x])
        for n in nl.affine_range(N // TILE_N):
            rhs_tiles = nl.ndarray((K // TILE_K, par_dim(TILE_K), TILE_N), dtype=rhs.dtype, buffer=nl.sbuf)
            res_psum = nl.zeros((TILE_M, TILE_N), nl.float32, buffer=nl.psum)
            for k in nl.affine_range(K // TILE_K):
                rhs_tiles[k, i_rhs.p, i_rhs.x] = nl.load(rhs[k * TILE_K + i_rhs.p, n * TILE_N + i_rhs.x])
                res_psum[...] += nisa.nc_matmul(lhsT_tiles[k, i_lhsT.p, i_lhsT.x], rhs_tiles[k, i_rhs.p, i_rhs.x])
            nl.store(result[m * TILE_M + i_res.p, n * TILE_N + i_res.x], value=nl.copy(res_psum, dtype=result.dtype))
    return result


@nki.jit
def matmul_blocked(lhsT, rhs, blocks_m=2, blocks_k=2):
    """Blocks of M and K; partial sums of blocks of K are added up by nl.loop_reduce."""
    K, M = lhsT.shape
    N = rhs.shape[1]
    result = nl.ndarray((M, N), dtype=lhsT.dtype, buffer=nl.shared_hbm)
    i_lhsT, i_rhs, i_res = nl.mgrid[0:128, 0:128 * blocks_m], nl.mgrid[0:128, 0:512], nl.mgrid[0:128, 0:512]
    for n in nl.affine_range(N // 512):
        result_tiles = nl.ndarray((M // 128, nl.par_dim(128), 512), dtype=nl.float32, buffer=nl.sbuf)
        for k in nl.sequential_range(K // 128 // blocks_k):
            rhs_tiles = nl.ndarray((blocks_k, nl.par_dim(128), 512), dtype=rhs.dtype)
            for b in nl.affine_range(blocks_k):
                rhs_tiles[b, i_rhs.p, i_rhs.x] = nl.load(rhs[(blocks_k * k + b) * 128 + i_rhs.p, n * 512 + i_rhs.x])
            for m in nl.affine_range(M // 128 // blocks_m):
                lhsT_tiles = nl.ndarray((blocks_k, nl.par_dim(128), 128 * blocks_m), dtype=lhsT.dtype)
                for b in nl.affine_range(blocks_k):
                    lhsT_tiles[b, i_lhsT.p, i_lhsT.x] = nl.load(
                        lhsT[(blocks_k * k + b) * 128 + i_lhsT.p, m * 128 * blocks_m + i_lhsT.x])
                for bm in nl.affine_range(blocks_m):
                    res_tile = nl.zeros((128, 512), dtype=nl.float32, buffer=nl.psum)
                    for b in nl.affine_range(blocks_k):
                        i_m = nl.mgrid[0:128, 0:128]
                        res_tile[...] += nisa.nc_matmul(lhsT_tiles[b, i_m.p, bm * 128 + i_m.x], rhs_tiles[b, i_rhs.p, i_rhs.x])
                    result_tiles[m * blocks_m + bm, i_res.p, i_res.x] = nl.loop_reduce(res_tile, op=np.add, loop_indices=[k],
                                                                                       dtype=nl.float32)
        for m in nl.affine_range(M // 128):
            nl.store(result[m * 128 + i_res.p, n * 512 + i_res.x], value=result_tiles[m, i_res.p, i_res.x])
    return result


@nki.jit
def softmax_rows(x):
    out = nl.ndarray(x.shape, dtype=x.dtype, buffer=nl.shared_hbm)
    rows, columns = x.shape
    i_p, i_f = nl.arange(128)[:, None], nl.arange(columns)[None, :]
    for i in nl.affine_range(math.ceil(rows / 128)):
        mask = i * 128 + i_p < rows
        tile = nl.load(x[i * 128 + i_p, i_f], mask=mask)
        largest = nl.max(tile, axis=1, mask=mask)
        exps = nl.exp(nl.subtract(tile, largest, mask=mask), mask=mask)
        total = nl.sum(exps, axis=[1], mask=mask)
        nl.store(out[i * 128 + i_p, i_f], value=nl.divide(exps, total, mask=mask), mask=mask)
    return out


@nki.jit
def rmsnorm(a_tensor, g_tensor):
    out_tensor = nl.ndarray(a_tensor.shape, dtype=a_tensor.dtype, buffer=nl.shared_hbm)
    ix = nl.arange(128)[:, None]
    iw = nl.arange(1)[:, None]
    iy = nl.arange(a_tensor.shape[1])[None, :]
    num_rows = a_tensor.shape[0]
    g_tile = nl.load(g_tensor.reshape((1, g_tensor.shape[0]))[iw, iy])
    for i in nl.affine_range(math.ceil(num_rows / 128)):
        a_tile = nl.load(a_tensor[i * 128 + ix, iy], mask=(i * 128 + ix < num_rows))
        in_square = nl.square(a_tile)
        square_sum = nl.sum(in_square, axis=[1])
        mean = square_sum / a_tensor.shape[1]
        rms_reciprocal = nl.rsqrt(mean)
        out_tile = nl.multiply(a_tile, rms_reciprocal)
        g_bcast = g_tile.broadcast_to((128, g_tensor.shape[0]))
        out_tile[...] = nl.multiply(out_tile, g_bcast, mask=(i * 128 + ix < num_rows))
        nl.store(out_tensor[i * 128 + ix, iy], value=out_tile, mask=(i * 128 + ix < num_rows))
    return out_tensor


@nki.jit
def layernorm(input_tensor, epsilon, gamma_vector, beta_vector):
    """Statistics by functions of nki.language, as the first version of the tutorial."""
    output_tensor = nl.ndarray(input_tensor.shape, dtype=input_tensor.dtype, buffer=nl.shared_hbm)
    num_rows, width = input_tensor.shape
    i_p_io, i_f_io, i_p_param = nl.arange(128)[:, None], nl.arange(width)[None, :], nl.arange(1)[:, None]
    gamma_sb = nl.load(gamma_vector.reshape((1, width))[i_p_param, i_f_io])
    beta_sb = nl.load(beta_vector.reshape((1, width))[i_p_param, i_f_io])
    for i in nl.affine_range(math.ceil(num_rows / 128)):
        keep = i * 128 + i_p_io < num_rows
        input_sb = nl.load(input_tensor[i * 128 + i_p_io, i_f_io], mask=keep)
        mean = nl.mean(input_sb, axis=1, mask=keep)
        shifted = nl.subtract(input_sb, mean, mask=keep)
        variance = nl.sum(nl.square(shifted, mask=keep), axis=1, mask=keep) / width
        output_sb = nl.multiply(shifted, nl.rsqrt(variance + epsilon, mask=keep), mask=keep)
        output_sb[i_p_io, i_f_io] = nl.multiply(output_sb, gamma_sb.broadcast_to((128, width)), mask=keep)
        output_sb[i_p_io, i_f_io] = nl.add(output_sb, beta_sb.broadcast_to((128, width)), mask=keep)
        nl.store(output_tensor[i * 128 + i_p_io, i_f_io], value=output_sb, mask=keep)
    return output_tensor


@nki.jit
def average_pool(in_tensor, pool_size):
    sz_cin, sz_hin, sz_win = in_tensor.shape
    sz_hout, sz_wout = sz_hin // pool_size, sz_win // pool_size
    out_tensor = nl.ndarray((sz_cin, sz_hout, sz_wout), dtype=in_tensor.dtype, buffer=nl.shared_hbm)
    i0, i1, i2, i3, i4 = nl.mgrid[0:sz_cin, 0:sz_hout, 0:sz_wout, 0:pool_size, 0:pool_size]
    in_tile: nt.tensor[sz_cin, sz_hin, sz_win] = nl.load(in_tensor)
    out_tile = nl.sum(in_tile[i0, pool_size * i1 + i3, pool_size * i2 + i4], axis=[3, 4]) / (pool_size * pool_size)
    j0, j1, j2 = nl.mgrid[0:sz_cin, 0:sz_hout, 0:sz_wout]
    nl.store(out_tensor[j0, j1, j2], value=out_tile)
    return out_tensor


@nki.jit
def max_pool_overlapping(in_tensor, window, stride):
    """Windows that overlap: the same element belongs to several."""
    channels, h, w = in_tensor.shape
    hout, wout = (h - window) // stride + 1, (w - window) // stride + 1
    out_tensor = nl.ndarray((channels, hout, wout), dtype=in_tensor.dtype, buffer=nl.shared_hbm)
    i_0 = nl.arange(channels)[:, None, None, None, None]
    i_1 = nl.arange(hout)[None, :, None, None, None]
    i_2 = nl.arange(wout)[None, None, :, None, None]
    i_3 = nl.arange(window)[None, None, None, :, None]
    i_4 = nl.arange(window)[None, None, None, None, :]
    in_tile = nl.load(in_tensor)
    nl.store(out_tensor, value=nl.max(in_tile[i_0, stride * i_1 + i_3, stride * i_2 + i_4], axis=[3, 4]))
    return out_tensor


@nki.jit
def transpose2d(in_tensor, shape2D):
    """Every row is a matrix of shape2D, which is transposed."""
    out_tensor = nl.ndarray(in_tensor.shape, dtype=in_tensor.dtype, buffer=nl.shared_hbm)
    sz_p, _ = in_tensor.shape
    sz_f1, sz_f2 = shape2D[0], shape2D[1]
    i_p = nl.arange(sz_p)[:, None]
    in_tile = nl.load(in_tensor)
    out_tile = nl.ndarray(shape=(sz_p, sz_f2 * sz_f1), dtype=out_tensor.dtype)
    for i_f1 in nl.affine_range(sz_f1):
        for i_f2 in nl.affine_range(sz_f2):
            out_tile[i_p, i_f2 * sz_f1 + i_f1] = nl.copy(in_tile[i_p, i_f1 * sz_f2 + i_f2])
    nl.store(out_tensor, value=out_tile)
    return out_tensor


@nki.jit
def mamba(delta: nt.tensor, u: nt.tensor, A: nt.tensor, B: nt.tensor, C: nt.tensor):
    batch_size, channels, seq_len = delta.shape
    output = nl.ndarray((batch_size, channels, seq_len), dtype=delta.dtype, buffer=nl.shared_hbm)
    _, state_size = A.shape
    channel_psize = nl.tile_size.pmax
    n_channel_tile = channels // channel_psize
    for i_batch in nl.affine_range(batch_size):
        scanC_accum = nl.zeros((n_channel_tile, nl.par_dim(channel_psize), seq_len), dtype=delta.dtype)
        for i_state in nl.affine_range(state_size):
            for i_channel_tile in nl.affine_range(n_channel_tile):
                start = i_channel_tile * channel_psize
                delta_i = nl.load(delta[i_batch, start:start + channel_psize, 0:seq_len])
                A_i = nl.load(A[start:start + channel_psize, i_state])
                deltaA = nisa.activation(op=nl.exp, data=delta_i, scale=A_i)
                u_i = nl.load(u[i_batch, start:start + channel_psize, 0:seq_len])
                deltaU = nisa.tensor_tensor(delta_i, u_i, op=nl.multiply)
                B_i = nl.load(B[i_batch, i_state:i_state + 1, 0:seq_len])
                deltaBu = nisa.tensor_tensor(deltaU, B_i.broadcast_to((channel_psize, seq_len)), op=nl.multiply)
                scan_res = nki.isa.tensor_tensor_scan(deltaA, deltaBu, initial=0, op0=np.multiply, op1=np.add)
                C_i = nl.load(C[i_batch, i_state:i_state + 1, 0:seq_len])
                scanC = nisa.tensor_tensor(scan_res, C_i.broadcast_to((channel_psize, seq_len)), op=nl.multiply)
                scanC_accum[i_channel_tile, 0:channel_psize, 0:seq_len] += scanC
        for i_channel_tile in nl.affine_range(n_channel_tile):
            start = i_channel_tile * channel_psize
            nl.store(output[i_batch, start:start + channel_psize, 0:seq_len], scanC_accum[i_channel_tile, 0:channel_psize, 0:seq_len])
    return output


@nki.jit
def interpolate(src, chunk=4):
    """Doubles the rows of images of [C, H, W]; between neighbours lies their weighted mean. Chunks of columns overlap by none."""
    C, H, W = src.shape
    dst = nl.ndarray((C, 2 * H, W), dtype=src.dtype, buffer=nl.shared_hbm)
    for i in nl.affine_range(-(-W // chunk)):
        i_c, i_h, i_w = nl.mgrid[0:C, 0:H, 0:chunk]
        tile = nl.load(src[i_c, i_h, i * chunk + i_w], mask=i * chunk + i_w < W)
        out = nl.ndarray((C, 2 * H, chunk), dtype=src.dtype)
        j_c, j_h, j_w = nl.mgrid[0:C, 0:H - 1, 0:chunk]
        keep = i * chunk + j_w < W
        out[j_c, 2 * j_h + 1, j_w] = nl.add(tile[j_c, j_h, j_w] * 0.75, tile[j_c, j_h + 1, j_w] * 0.25, mask=keep)
        out[j_c, 2 * j_h + 2, j_w] = nl.add(tile[j_c, j_h, j_w] * 0.25, tile[j_c, j_h + 1, j_w] * 0.75, mask=keep)
        e_c, e_h, e_w = nl.mgrid[0:C, 0:1, 0:chunk]
        out[e_c, e_h, e_w] = nl.copy(tile[e_c, e_h, e_w], mask=i * chunk + e_w < W)
        out[e_c, 2 * H - 1 + e_h, e_w] = nl.copy(tile[e_c, H - 1 + e_h, e_w], mask=i * chunk + e_w < W)
        o_c, o_h, o_w = nl.mgrid[0:C, 0:2 * H, 0:chunk]
        nl.store(dst[o_c, o_h, i * chunk + o_w], value=out[o_c, o_h, o_w], mask=i * chunk + o_w < W)
    return dst


def _exps(x):
    exps = np.exp(x - x.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True)


class Kernels(unittest.TestCase):
    @on()
    def test_tensor_add_on_a_grid(self):
        a, b = normal(256, 512), normal(256, 512, seed=1)
        np.testing.assert_array_equal(add[2, 2](a, b), a + b)

    @on()
    def test_a_result_that_is_an_argument(self):
        a, b, c = normal(128, 256), normal(128, 256, seed=1), np.zeros((128, 256), np.float32)
        nki.simulate_kernel(nki.jit(add_kernel)[1, 1], a, b, c)
        np.testing.assert_array_equal(c, a + b)

    @on()
    def test_matmul_ladder(self):
        a, b = normal(128, 64).astype(nl.bfloat16), normal(128, 512, seed=1).astype(nl.bfloat16)
        close(self, matmul_basic(a, b), a.T.astype(np.float64) @ b, relative=2 ** -7)
        a, b = normal(512, 256), normal(512, 512, seed=1)
        close(self, matmul_hoisted(a, b), a.T.astype(np.float64) @ b)
        close(self, matmul_blocked(a, b), a.T.astype(np.float64) @ b)

    @on()
    def test_softmax_of_rows_that_do_not_fill_the_last_tile(self):
        x = normal(200, 96)
        close(self, softmax_rows(x), _exps(x))

    @on()
    def test_rmsnorm(self):
        x, g = normal(250, 128), normal(128, seed=1)
        close(self, rmsnorm(x, g), x / np.sqrt((x ** 2).mean(axis=1, keepdims=True)) * g, relative=1e-4)

    @on()
    def test_layernorm(self):
        x, gamma, beta = normal(150, 192), normal(192, seed=1), normal(192, seed=2)
        want = (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-5) * gamma + beta
        close(self, layernorm(x, 1e-5, gamma, beta), want, relative=1e-4)

    @on()
    def test_pooling(self):
        x = normal(32, 8, 12)
        close(self, average_pool(x, 2), x.reshape(32, 4, 2, 6, 2).mean(axis=(2, 4)))
        windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))[:, ::2, ::2]
        np.testing.assert_array_equal(max_pool_overlapping(x, 3, 2), windows.max(axis=(3, 4)))

    @on()
    def test_transpose_of_free_dimensions(self):
        x = normal(16, 3 * 5)
        np.testing.assert_array_equal(transpose2d(x, (3, 5)), x.reshape(16, 3, 5).transpose(0, 2, 1).reshape(16, 15))

    @on()
    def test_mamba(self):
        batch, channels, state, length = 1, 256, 4, 64
        delta, u = np.abs(normal(batch, channels, length)) * 0.1, normal(batch, channels, length, seed=1)
        a, b, c = -np.abs(normal(channels, state, seed=2)), normal(batch, state, length, seed=3), normal(batch, state, length, seed=4)
        want, h = np.zeros(delta.shape), np.zeros((batch, channels, state))
        for t in range(length):
            h = np.exp(delta[:, :, t, None] * a) * h + (delta * u)[:, :, t, None] * b[:, None, :, t]
            want[:, :, t] = (h * c[:, None, :, t]).sum(-1)
        close(self, mamba(delta, u, a, b, c), want, relative=1e-4)

    @on()
    def test_interpolation_in_chunks(self):
        x = normal(16, 5, 10)
        want = np.zeros((16, 10, 10), np.float32)
        want[:, 0], want[:, -1] = x[:, 0], x[:, -1]
        want[:, 1:-1:2] = x[:, :-1] * 0.75 + x[:, 1:] * 0.25
        want[:, 2::2] = x[:, :-1] * 0.25 + x[:, 1:] * 0.75
        close(self, interpolate(x), want)


if __name__ == "__main__":
    unittest.main()
