# SPDX-License-Identifier: Apache-2.0
"""Names and order of parameters, and names that kernels import, as AWS documents them (NKI 0.6)."""
import enum
import importlib
import inspect
import unittest

import nki.isa as nisa
import nki.language as nl

ISA = {
    "dma_copy": "dst src priority oob_mode dge_mode engine",
    "dma_transpose": "dst src axes priority dge_mode oob_mode",
    "dma_compute": "dst srcs reduce_op scales unique_indices oob_mode",
    "tensor_copy": "dst src engine",
    "memset": "dst value engine",
    "tensor_copy_predicated": "dst src predicate reverse_pred",
    "nc_transpose": "dst data engine",
    "nc_stream_shuffle": "dst src shuffle_mask",
    "local_gather": "dst src_buffer index num_elem_per_idx num_valid_indices",
    "nc_n_gather": "dst data indices",
    "sendrecv": "src dst send_to_rank recv_from_rank pipe_id dma_engine",
    "core_barrier": "data cores engine",
    "register_alloc": "x",
    "register_move": "dst src",
    "register_load": "dst src",
    "register_store": "dst src",
    "nc_matmul": "dst stationary moving is_stationary_onezero is_moving_onezero is_transpose accumulate tile_position tile_size perf_mode",
    "nc_matmul_mx": "dst stationary moving stationary_scale moving_scale tile_position tile_size accumulate",
    "quantize_mx": "dst src dst_scale",
    "tensor_tensor": "dst data1 data2 op engine",
    "tensor_scalar": "dst data op0 operand0 reverse0 op1 operand1 reverse1 engine",
    "scalar_tensor_tensor": "dst data op0 operand0 op1 operand1 reverse0 reverse1",
    "tensor_scalar_reduce": "dst data op0 operand0 reduce_op reduce_res reverse0 reduce_cmd reduce_init reduce_res_negate",
    "tensor_reduce": "dst op data axis negate keepdims",
    "tensor_partition_reduce": "dst op data",
    "tensor_scalar_cumulative": "dst src op0 op1 imm0 imm1 reduce_cmd",
    "tensor_tensor_scan": "dst data0 data1 initial op0 op1 reverse0 reverse1",
    "activation": "dst op data bias scale reduce_op reduce_res reduce_cmd",
    "activation_reduce": "dst op data reduce_op reduce_res bias scale",
    "activate2": "dst op data imm0 imm1 op0 op1 relu_param reverse0 reverse1 reduce_op reduce_res reduce_cmd",
    "exponential": "dst src max_value reduce_res reduce_cmd reduce_init",
    "reciprocal": "dst data",
    "range_select": "dst on_true_tile comp_op0 comp_op1 bound0 bound1 reduce_cmd reduce_res reduce_op range_start on_false_value",
    "select_reduce": "dst predicate on_true on_false reduce_res reduce_cmd reduce_op reverse_pred",
    "affine_select": "dst pattern channel_multiplier on_true_tile on_false_value cmp_op offset",
    "iota": "dst pattern offset channel_multiplier",
    "bn_stats": "dst data",
    "bn_aggr": "dst data",
    "max8": "dst src",
    "nc_find_index8": "dst data vals",
    "nc_match_replace8": "dst data vals imm dst_idx",
    "nonzero_with_count": "dst src index_offset padding_val",
    "topk": "val_dst idx_dst src n",
    "sequence_bounds": "dst segment_ids",
    "rng": "dst engine",
    "set_rng_seed": "src",
    "rand_set_state": "src engine",
    "rand_get_state": "dst engine",
    "rand2": "dst min max",
    "dropout": "dst data prob",
}
ENUMS = {
    "engine": "unknown=0 tensor=1 scalar=2 gpsimd=3 dma=4 vector=5 sync=6",
    "reduce_cmd": "idle=0 reset=1 reduce=2 reset_reduce=3 load_reduce=4",
    "dge_mode": "unknown=0 swdge=1 hwdge=2 none=3",
    "oob_mode": "error=0 skip=1",
    "matmul_perf_mode": "none=none double_row=double_row",
    "nc_version": "gen2=2 gen3=3 gen4=4",
    "dma_engine": "dma=1 gpsimd_dma=2",
}
LANGUAGE = """bool_ int8 int16 int32 uint8 uint16 uint32 float16 float32 bfloat16 tfloat32 float8_e4m3 float8_e4m3fn float8_e5m2 float8_e8m0fnu
    float8_e5m2_x4 float8_e4m3fn_x4 float4_e2m1fn_x4 sbuf psum hbm private_hbm shared_hbm is_sbuf is_psum is_hbm is_on_chip tile_size NKIObject NkiTensor ds
    affine_range sequential_range static_range dynamic_range fori_loop while_loop no_reorder program_id num_programs program_ndim ndarray empty_like zeros
    ones full zeros_like rand random_seed shared_constant shared_identity_matrix load store load_transpose2d copy transpose matmul broadcast_to expand_dims
    add subtract multiply maximum minimum abs_max abs_min power equal not_equal less less_equal greater greater_equal logical_and logical_or logical_xor
    bitwise_and bitwise_or bitwise_xor left_shift right_shift divide mod fmod invert logical_not negative exp log sqrt square sigmoid relu gelu gelu_dx
    gelu_apprx_tanh gelu_apprx_sigmoid gelu_apprx_sigmoid_dx silu silu_dx softplus mish erf erf_dx tanh arctan sign abs sin cos tan reciprocal rsqrt ceil floor
    trunc sum max min prod mean var all softmax rms_norm dropout where gather_flattened device_print prelu bypass average"""


class Signatures(unittest.TestCase):
    def test_parameters_of_instructions(self):
        for name, parameters in ISA.items():
            with self.subTest(function=name):
                given = list(inspect.signature(getattr(nisa, name)).parameters)
                wanted = parameters.split()
                self.assertEqual(given[:len(wanted)], wanted)
                if not name.startswith("register_alloc"):
                    self.assertIn("name", given)

    def test_enumerations(self):
        constants = importlib.import_module("nki.isa.constants")
        for name, members in ENUMS.items():
            kind = getattr(constants, name)
            self.assertTrue(issubclass(kind, enum.Enum) and kind is getattr(nisa, name))
            self.assertEqual(" ".join(f"{each.name}={each.value}" for each in kind), members)
        for name in ("tensor", "scalar", "gpsimd", "vector", "sync", "unknown"):
            self.assertIs(getattr(nisa, f"{name}_engine"), nisa.engine[name])

    def test_names_of_the_language(self):
        self.assertEqual([name for name in LANGUAGE.split() if not hasattr(nl, name)], [])

    def test_modules(self):
        for name in ("nki", "nki.language", "nki.isa", "nki.isa.constants", "nki.collectives", "nki.typing", "nki.compiler", "nki.dtype", "nki.tensor",
                     "nki.meta"):
            importlib.import_module(name)
        collectives = importlib.import_module("nki.collectives")
        for name in ("ReplicaGroup all_reduce all_gather reduce_scatter all_to_all all_gather_v all_to_all_v collective_permute "
                     "collective_permute_implicit collective_permute_implicit_reduce collective_permute_implicit_current_processing_rank_id "
                     "rank_id").split():
            self.assertTrue(callable(getattr(collectives, name)))


if __name__ == "__main__":
    unittest.main()
