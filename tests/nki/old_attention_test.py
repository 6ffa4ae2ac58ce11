# SPDX-License-Identifier: Apache-2.0
"""Attention in the first dialect: a flash attention forward with causal mask on a grid, in the style of its samples, and the
small fused kernel of the tutorial."""
import unittest

import neuronxcc.nki as nki
import neuronxcc.nki.isa as nisa
import neuronxcc.nki.language as nl
import numpy as np
from devices import close, normal, on
from neuronxcc.nki.language import par_dim

B_P, B_F, LARGE = 128, 256, 256


def transpose_p_local(p_local_transposed, p_local):
    for i in nl.affine_range(LARGE // B_F):
        p_local_t_tmp = nl.ndarray((par_dim(B_P), B_F), buffer=nl.psum, dtype=np.float32)
        for j in nl.affine_range(B_F // B_P):
            j_slice = nl.ds(j * B_P, B_P)
            p_local_t_tmp[:, j_slice] = nisa.nc_transpose(p_local[:, nl.ds(i * B_F + j * B_P, B_P)])
        p_local_transposed[:, nl.ds(i * B_F, B_F)] = nl.copy(p_local_t_tmp, dtype=p_local_transposed.dtype)


def attention_core(q_local_tile, k, v, o_buffer, l_buffer, m_buffer, q_tile_idx, k_tile_idx, kernel_dtype, acc_type, d, initialize):
    qk_res_buf = nl.ndarray((par_dim(B_P), LARGE), buffer=nl.sbuf, dtype=acc_type)
    max_local = nl.ndarray((par_dim(B_P), LARGE // B_F), dtype=acc_type)
    i_q_p, i_q_f = nl.arange(B_P)[:, None], nl.arange(B_F)[None, :]
    for k_i in nl.affine_range(LARGE // B_F):
        k_i_slice = nl.ds(k_i * B_F, B_F)
        qk_psum = nl.zeros((par_dim(B_P), B_F), dtype=np.float32, buffer=nl.psum)
        multiplication_required = k_tile_idx * LARGE + k_i * B_F <= q_tile_idx * B_P
        qk_psum[:, :] += nl.matmul(q_local_tile, k[:, k_i_slice], transpose_x=True, mask=multiplication_required)
        left = q_tile_idx * B_P >= k_tile_idx * LARGE + (k_i + 1) * B_F
        diagonal_and_right = q_tile_idx * B_P < k_tile_idx * LARGE + (k_i + 1) * B_F
        q_pos = q_tile_idx * B_P + i_q_p
        k_pos = k_tile_idx * LARGE + k_i * B_F + i_q_f
        qk_res_buf[i_q_p, k_i * B_F + i_q_f] = nisa.affine_select(
            pred=q_pos >= k_pos, on_true_tile=qk_psum[i_q_p, i_q_f], on_false_value=-9984.0, dtype=acc_type, mask=diagonal_and_right)
        qk_res_buf[:, k_i_slice] = nl.copy(qk_psum[:, :], dtype=acc_type, mask=left)
        max_local[:, k_i] = nisa.tensor_reduce(np.max, qk_res_buf[:, k_i_slice], axis=(1,), dtype=acc_type, negate=False)
    max_ = nisa.tensor_reduce(np.max, max_local[:, :], axis=(1,), dtype=acc_type, negate=False)
    o_previous_scaled = nl.ndarray((par_dim(B_P), d), dtype=o_buffer.dtype)
    if initialize:
        m_buffer[:, 0] = nl.copy(max_)
        m_current = max_
    else:
        m_previous = nl.copy(m_buffer[:, 0])
        m_buffer[:, 0] = nl.maximum(m_previous, max_)
        m_current = m_buffer[:, 0]
        alpha = nisa.activation(np.exp, m_current, bias=m_previous, scale=-1.0)
        o_previous_scaled[...] = nl.multiply(o_buffer[:, :], alpha)
    p_local = nl.ndarray((par_dim(B_P), LARGE), dtype=kernel_dtype)
    p_partial_sum = nl.ndarray((par_dim(B_P), 2), dtype=acc_type)
    for r in nl.affine_range(2):
        part = nl.ds(r * LARGE // 2, LARGE // 2)
        p_local[:, part] = nisa.activation_reduce(np.exp, qk_res_buf[:, part], bias=-1 * m_current, scale=1.0, reduce_op=nl.add,
                                                  reduce_res=p_partial_sum[:, r], dtype=kernel_dtype)
    ps = nl.sum(p_partial_sum, axis=1, dtype=acc_type)
    p_local_transposed = nl.ndarray((par_dim(B_P), LARGE), dtype=kernel_dtype)
    transpose_p_local(p_local_transposed, p_local)
    pv_psum = nl.zeros((par_dim(B_P), d), dtype=np.float32, buffer=nl.psum, lazy_initialization=True)
    for k_i in nl.affine_range(LARGE // B_P):
        pv_psum[:, :] += nl.matmul(p_local_transposed[:, nl.ds(k_i * B_P, B_P)], v[k_i, :, :], transpose_x=True)
    if initialize:
        o_buffer[:, :] = nl.copy(pv_psum[:, :])
        l_buffer[:, q_tile_idx] = nl.add(nl.log(ps), max_)
    else:
        o_buffer[:, :] = nl.add(o_previous_scaled, pv_psum)
        l_prev = l_buffer[:, q_tile_idx]
        l_exp = nl.add(nl.exp(nl.subtract(l_prev, m_current)), ps)
        l_buffer[:, q_tile_idx] = nl.add(m_current, nl.log(l_exp))


@nki.jit
def flash_fwd(q, k, v, softmax_scale=None, mixed_precision=True):
    """q, k [b, h, d, seq], v [b, h, seq, d] -> [b, h, seq, d]."""
    b, h, d, seqlen = q.shape
    kernel_dtype = nl.bfloat16 if mixed_precision else q.dtype
    acc_type = np.dtype(np.float32) if mixed_precision else kernel_dtype
    o = nl.ndarray((b, h, seqlen, d), dtype=q.dtype, buffer=nl.shared_hbm)
    lse = nl.ndarray((b, h, nl.tile_size.pmax, seqlen // nl.tile_size.pmax), dtype=acc_type, buffer=nl.shared_hbm)
    assert nl.program_ndim() == 2
    batch_id, head_id = nl.program_id(axis=0), nl.program_id(axis=1)
    softmax_scale = softmax_scale or (1.0 / (d ** 0.5))
    n_tile_q = seqlen // B_P
    l_buffer = nl.zeros((par_dim(B_P), n_tile_q), dtype=acc_type, buffer=nl.sbuf, lazy_initialization=True)
    o_buffer = nl.zeros((n_tile_q, par_dim(B_P), d), dtype=acc_type, buffer=nl.sbuf, lazy_initialization=True)
    m_buffer = nl.zeros((n_tile_q, par_dim(B_P), 1), dtype=acc_type, buffer=nl.sbuf, lazy_initialization=True)
    for j in nl.sequential_range(0, seqlen // LARGE):
        cur_k_tile = nl.ndarray((par_dim(d), LARGE), dtype=kernel_dtype)
        cur_v_tile = nl.ndarray((LARGE // B_P, par_dim(B_P), d), dtype=kernel_dtype)
        cur_k_tile[:, :] = nl.load(k[batch_id, head_id, :, nl.ds(j * LARGE, LARGE)])
        for v_i in nl.affine_range(LARGE // B_P):
            cur_v_tile[v_i, :, :] = nl.load(v[batch_id, head_id, nl.ds(j * LARGE + B_P * v_i, B_P), :], dtype=cur_v_tile.dtype)
        for i in nl.affine_range(n_tile_q):
            if j * LARGE > i * B_P + B_P - 1:
                continue
            q_tile = nl.ndarray((d, B_P), dtype=kernel_dtype)
            q_hbm_tile = q[batch_id, head_id]
            q_sbuf_tile = nl.load(q_hbm_tile[:, nl.ds(i * B_P, B_P)], dtype=kernel_dtype)
            q_tile[:, :] = q_sbuf_tile * softmax_scale
            attention_core(q_local_tile=q_tile, k=cur_k_tile, v=cur_v_tile, o_buffer=o_buffer[i], l_buffer=l_buffer, m_buffer=m_buffer[i],
                           q_tile_idx=i, k_tile_idx=j, kernel_dtype=kernel_dtype, acc_type=acc_type, d=d, initialize=j == 0)
    for i in nl.affine_range(n_tile_q):
        exp = nisa.activation(np.exp, l_buffer[:, i], bias=m_buffer[i, :, :], scale=-1.0)
        out = nl.multiply(o_buffer[i, :, :], exp, dtype=kernel_dtype)
        nl.store(o[batch_id, head_id, nl.ds(i * B_P, B_P), :], out)
    nl.store(lse[batch_id, head_id, :, :], l_buffer[:, :])
    return o, lse


@nki.jit
def fused_self_attn(q_ref, k_ref, v_ref, use_causal_mask=False):
    """Attention of one small head: [seq, d] each."""
    kernel_dtype = q_ref.dtype
    seqlen, d_head = q_ref.shape
    out_ref = nl.ndarray((seqlen, d_head), dtype=q_ref.dtype, buffer=nl.shared_hbm)
    tiles = seqlen // 128
    trans_v = nl.ndarray((par_dim(128), tiles, d_head), dtype=kernel_dtype)
    q_local = nl.ndarray((tiles, par_dim(d_head), 128), dtype=kernel_dtype)
    k_local = nl.ndarray((tiles, par_dim(d_head), 128), dtype=kernel_dtype)
    ip, if_ = nl.arange(128)[:, None], nl.arange(d_head)[None, :]
    dp, df = nl.arange(d_head)[:, None], nl.arange(128)[None, :]
    for i in nl.affine_range(tiles):
        trans_v[ip, i, if_] = nl.load(v_ref[i * 128 + ip, if_], dtype=kernel_dtype)
        q_local[i, dp, df] = nl.load_transpose2d(q_ref[i * 128 + nl.arange(128)[:, None], if_], dtype=kernel_dtype) * (1 / d_head ** 0.5)
        k_local[i, dp, df] = nl.load_transpose2d(k_ref[i * 128 + nl.arange(128)[:, None], if_], dtype=kernel_dtype)
    for iq in nl.affine_range(tiles):
        qk_res_buf = nl.ndarray((par_dim(128), seqlen), dtype=kernel_dtype)
        for ik in nl.affine_range(tiles):
            qk_psum = nl.zeros((par_dim(128), 128), dtype=np.float32, buffer=nl.psum)
            qk_psum[ip, df] += nisa.nc_matmul(moving=k_local[ik, dp, df], stationary=q_local[iq, dp, df])
            if use_causal_mask:
                qk_res_buf[ip, ik * 128 + df] = nisa.affine_select(pred=(iq * 128 + ip >= ik * 128 + df), on_true_tile=qk_psum[ip, df],
                                                                   on_false_value=-9984.0, dtype=kernel_dtype)
            else:
                qk_res_buf[ip, ik * 128 + df] = nl.copy(qk_psum[ip, df], dtype=kernel_dtype)
        neg_max = nisa.tensor_reduce(np.max, data=qk_res_buf, axis=(1,), dtype=np.float32, negate=True)
        exp_res = nisa.activation(np.exp, data=qk_res_buf, bias=neg_max, scale=1.0)
        sum_res = nisa.tensor_reduce(np.add, data=exp_res, axis=(1,), dtype=np.float32)
        softmax_res = nl.ndarray((par_dim(128), seqlen), dtype=kernel_dtype)
        sum_reciprocal_broadcast = (1.0 / sum_res).broadcast_to((128, d_head))
        softmax_res[...] = nl.copy(exp_res, dtype=kernel_dtype)
        attn_psum = nl.zeros((par_dim(128), d_head), dtype=np.float32, buffer=nl.psum)
        for ik in nl.affine_range(tiles):
            turned = nl.copy(nisa.nc_transpose(softmax_res[ip, ik * 128 + df]), dtype=kernel_dtype)
            attn_psum[ip, if_] += nisa.nc_matmul(stationary=turned, moving=trans_v[ip, ik, if_])
        attn = nl.multiply(attn_psum[ip, if_], sum_reciprocal_broadcast, dtype=out_ref.dtype)
        nl.store(out_ref[iq * 128 + ip, if_], value=attn)
    return out_ref


def attention(q, k, v, causal):
    """[seq, d] each."""
    scores = q.astype(np.float64) @ k.T / np.sqrt(q.shape[1])
    if causal:
        scores = np.where(np.tril(np.ones_like(scores)) > 0, scores, -np.inf)
    top = scores.max(1, keepdims=True)
    exps = np.exp(scores - top)
    return exps / exps.sum(1, keepdims=True) @ v, np.log(exps.sum(1, keepdims=True)) + top


class Attention(unittest.TestCase):
    @on()
    def test_flash_attention(self):
        b, h, d, seq = 1, 2, 64, 512
        q, k, v = normal(b, h, d, seq), normal(b, h, d, seq, seed=1), normal(b, h, seq, d, seed=2)
        for mixed, relative in ((False, 1e-4), (True, 3e-2)):
            o, lse = flash_fwd[b, h](q, k, v, mixed_precision=mixed)
            for head in range(h):
                want, logs = attention(q[0, head].T, k[0, head].T, v[0, head], True)
                close(self, o[0, head], want, relative)
                close(self, lse[0, head], logs.reshape(seq // 128, 128).T, relative)

    @on()
    def test_fused_attention_of_a_small_head(self):
        q, k, v = normal(256, 64), normal(256, 64, seed=1), normal(256, 64, seed=2)
        for causal in (False, True):
            close(self, fused_self_attn(q, k, v, use_causal_mask=causal), attention(q, k, v, causal)[0], 1e-4)


if __name__ == "__main__":
    unittest.main()
