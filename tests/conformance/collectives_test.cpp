// SPDX-License-Identifier: Apache-2.0
// R70..R72: collectives driven by the host.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>

#include "tests/conformance/ranks.h"

using namespace nsim::test;

namespace {

std::vector<std::byte> bytes_of(nrt_tensor_t* tensor) {
  std::vector<std::byte> bytes(nrt_tensor_get_size(tensor));
  REQUIRE(nrt_tensor_read(tensor, bytes.data(), 0, bytes.size()) == NRT_SUCCESS);
  return bytes;
}

/// A type of elements as the tests need it: the bits of small whole numbers.
struct Type {
  nrt_dtype_t dtype;
  std::size_t size;
  int exponent_bits;  // 0: an integer
  int mantissa_bits;
};
constexpr Type kTypes[] = {
    {NRT_DTYPE_UINT64, 8, 0, 0},   {NRT_DTYPE_INT8, 1, 0, 0},   {NRT_DTYPE_UINT8, 1, 0, 0},
    {NRT_DTYPE_INT16, 2, 0, 0},    {NRT_DTYPE_UINT16, 2, 0, 0}, {NRT_DTYPE_BFLOAT16, 2, 8, 7},
    {NRT_DTYPE_FLOAT16, 2, 5, 10}, {NRT_DTYPE_INT32, 4, 0, 0},  {NRT_DTYPE_UINT32, 4, 0, 0},
    {NRT_DTYPE_FLOAT32, 4, 8, 23}, {NRT_DTYPE_FP32R, 4, 8, 23}, {NRT_DTYPE_INT64, 8, 0, 0},
    {NRT_DTYPE_FP8_E3, 1, 3, 4},   {NRT_DTYPE_FP8_E4, 1, 4, 3}, {NRT_DTYPE_FP8_E5, 1, 5, 2}};

/// The bits of a value that the type has exactly.
std::uint64_t encode(const Type& type, double value) {
  if (type.exponent_bits == 0) {
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
  }
  if (value == 0) {
    return 0;
  }
  const int exponent = std::ilogb(value);
  const int bias = (1 << (type.exponent_bits - 1)) - 1;
  const double mantissa = std::ldexp(std::fabs(value), type.mantissa_bits - exponent);
  const auto field = static_cast<std::uint64_t>(mantissa) - (1ULL << type.mantissa_bits);
  return field | static_cast<std::uint64_t>(exponent + bias) << type.mantissa_bits |
         static_cast<std::uint64_t>(value < 0) << (type.exponent_bits + type.mantissa_bits);
}

void put(std::vector<std::byte>& bytes, const Type& type, std::size_t index, double value) {
  const std::uint64_t bits = encode(type, value);
  std::memcpy(bytes.data() + index * type.size, &bits, type.size);
}

/// What element i of rank r is: small enough that every type adds it up exactly.
double value_of(std::size_t rank, std::size_t i) {
  return (i * 7 + rank * 3) % 5 == 0 ? 1 : 0;
}

double combined(nrt_op_type_t op, std::size_t ranks, std::size_t i) {
  double result = value_of(0, i);
  for (std::size_t r = 1; r < ranks; ++r) {
    const double x = value_of(r, i);
    result = op == NRT_OP_ADD   ? result + x
             : op == NRT_OP_MAX ? std::max(result, x)
                                : std::min(result, x);
  }
  return result;
}

}  // namespace

TEST_CASE("R70 R71 every element type and operation gives every rank its result") {
  Client client;
  const std::uint32_t ranks = core_count();
  join_all(ranks);
  constexpr std::size_t kEach = 67;
  for (const Type& type : kTypes) {
    const std::size_t all = kEach * ranks * type.size;
    std::vector<nrt_tensor_t*> large;
    std::vector<nrt_tensor_t*> large_result;
    std::vector<nrt_tensor_t*> small;
    for (std::uint32_t rank = 0; rank < ranks; ++rank) {
      const int core = static_cast<int>(rank);
      large.push_back(client.tensor(all, core));
      large_result.push_back(client.tensor(all, core));
      small.push_back(client.tensor(kEach * type.size, core));
      std::vector<std::byte> bytes(all);
      for (std::size_t i = 0; i < kEach * ranks; ++i) {
        put(bytes, type, i, value_of(rank, i));
      }
      REQUIRE(nrt_tensor_write(large.back(), bytes.data(), 0, all) == NRT_SUCCESS);
    }
    const std::vector<NRT_STATUS> good(ranks, NRT_SUCCESS);
    for (const nrt_op_type_t op : {NRT_OP_ADD, NRT_OP_MAX, NRT_OP_MIN}) {
      CAPTURE(type.dtype, op);
      std::vector<std::byte> expected(all);
      for (std::size_t i = 0; i < kEach * ranks; ++i) {
        put(expected, type, i, combined(op, ranks, i));
      }
      REQUIRE(run_ranks({NRT_CC_ALLREDUCE, type.dtype, op}, large, large_result) == good);
      REQUIRE(run_ranks({NRT_CC_REDUCESCATTER, type.dtype, op}, large, small) == good);
      for (std::uint32_t rank = 0; rank < ranks; ++rank) {
        CHECK(bytes_of(large_result[rank]) == expected);
        const auto part = expected.begin() + static_cast<std::ptrdiff_t>(rank * kEach * type.size);
        CHECK(bytes_of(small[rank]) == std::vector<std::byte>(part, part + kEach * type.size));
      }
      // What was scattered, gathered again.
      REQUIRE(run_ranks({NRT_CC_ALLGATHER, type.dtype, op}, small, large_result) == good);
      for (std::uint32_t rank = 0; rank < ranks; ++rank) {
        CHECK(bytes_of(large_result[rank]) == expected);
      }
    }
  }
}

TEST_CASE("R70 a context is consumed when it is accepted and stays valid when it is not") {
  Client client({{"NSIM_SET", "runtime.queue_depth=1"}});
  REQUIRE(nrt_cc_global_comm_init(0, 0, 1) == NRT_SUCCESS);
  nrt_tensor_t* x = client.tensor(64);
  nrt_tensor_t* y = client.tensor(64);
  Operation operation;
  nrt_cc_context_t* first = nullptr;
  nrt_cc_context_t* second = nullptr;
  REQUIRE(operation.prepare(0, 1, x, y, &first) == NRT_SUCCESS);
  REQUIRE(operation.prepare(0, 1, x, y, &second) == NRT_SUCCESS);
  REQUIRE(first != nullptr);
  nrt_cc_context_t* const copy = first;
  nrt_cc_context_t* stale = copy;
  nrta_seq_t sequence = 0;
  Client::pause(NRTA_XU_COLLECTIVES, true);
  CHECK(nrta_cc_schedule(&first, -1, nullptr, &sequence) == NRT_INVALID);
  CHECK(first == copy);
  CHECK(nrta_cc_schedule(&first, 0, nullptr, nullptr) == NRT_INVALID);
  REQUIRE(nrta_cc_schedule(&first, 0, nullptr, &sequence) == NRT_SUCCESS);
  CHECK(first == nullptr);
  CHECK(nrta_cc_schedule(&first, 0, nullptr, &sequence) == NRT_INVALID);
  CHECK(nrta_cc_schedule(&stale, 0, nullptr, &sequence) == NRT_INVALID_HANDLE);
  nrt_cc_context_t* const kept = second;
  nrta_seq_t untouched = 77;
  CHECK(nrta_cc_schedule(&second, 0, nullptr, &untouched) == NRT_QUEUE_FULL);
  CHECK(second == kept);
  CHECK(untouched == 77);
  Client::pause(NRTA_XU_COLLECTIVES, false);
  Client::wait(sequence);
  CHECK(nrta_cc_schedule(&second, 0, nullptr, &untouched) == NRT_SUCCESS);
  CHECK(untouched == sequence + 1);
  Client::wait(untouched);
}

TEST_CASE("R71 prepare refuses what does not fit together") {
  Client client;
  nrt_tensor_t* four = client.tensor(4 * 4);
  nrt_tensor_t* five = client.tensor(5 * 4);
  nrt_cc_context_t* const untouched = reinterpret_cast<nrt_cc_context_t*>(&client);
  nrt_cc_context_t* context = untouched;
  Operation reduce;
  CHECK(reduce.prepare(0, 1, four, four, &context) == NRT_INVALID);  // no world yet
  REQUIRE(nrt_cc_global_comm_init(0, 0, 1) == NRT_SUCCESS);
  CHECK(reduce.prepare(0, 1, four, five, &context) == NRT_INVALID);
  CHECK(reduce.prepare(0, 1, nullptr, four, &context) == NRT_INVALID);
  for (const nrt_cc_op_type_t kind : {NRT_CC_ALLGATHER, NRT_CC_REDUCESCATTER}) {
    CHECK(Operation{kind}.prepare(0, 1, five, four, &context) == NRT_INVALID);
  }
  CHECK(Operation{static_cast<nrt_cc_op_type_t>(3)}.prepare(0, 1, four, four, &context) ==
        NRT_INVALID);
  for (const nrt_op_type_t op : {NRT_OP_FMA, NRT_OP_INVALID}) {
    CHECK(Operation{NRT_CC_ALLREDUCE, NRT_DTYPE_INT32, op}.prepare(0, 1, four, four, &context) ==
          NRT_INVALID);
  }
  CHECK(Operation{NRT_CC_ALLREDUCE, NRT_DTYPE_INVALID}.prepare(0, 1, four, four, &context) ==
        NRT_INVALID);
  CHECK(Operation{NRT_CC_ALLREDUCE, NRT_DTYPE_UINT64}.prepare(0, 1, five, five, &context) ==
        NRT_INVALID);  // two and a half elements
  CHECK(context == untouched);

  nrt_cc_comm_t comm{};
  comm.rank_n = 1;
  comm.ctx_device_count = 1;
  nrt_tensor_t* two[] = {four, four};
  nrt_tensor_list_t one_list{two, 1};
  nrt_tensor_list_t two_list{two, 2};
  nrt_tensor_list_t none{two, 0};
  const auto prepare = [&](nrt_tensor_list_t* in, nrt_tensor_list_t* out) {
    return nrta_cc_prepare(&comm, in, out, NRT_DTYPE_INT32, NRT_OP_ADD, NRT_CC_ALLREDUCE, &context);
  };
  CHECK(prepare(&one_list, &two_list) == NRT_INVALID);
  CHECK(prepare(&none, &none) == NRT_INVALID);
  CHECK(prepare(nullptr, &one_list) == NRT_INVALID);
  comm.rank = 1;
  CHECK(prepare(&one_list, &one_list) == NRT_INVALID);
  comm.rank = 0;
  comm.vnc = 1000;
  CHECK(prepare(&one_list, &one_list) == NRT_INVALID);
  comm.vnc = 0;
  comm.rank_n = UINT32_MAX;  // no list of so many is made
  comm.ctx_device_count = UINT32_MAX;
  CHECK(prepare(&one_list, &one_list) == NRT_INVALID);
  CHECK(context == untouched);
}

TEST_CASE("R71 a world has one core for each rank") {
  Client client;
  const std::uint32_t cores = core_count();
  CHECK(nrt_cc_global_comm_init(0, 0, cores + 1) == NRT_INVALID);
  CHECK(nrt_cc_global_comm_init(0, 2, 2) == NRT_INVALID);
  CHECK(nrt_cc_global_comm_init(cores, 0, 2) == NRT_INVALID);
  CHECK(nrt_cc_global_comm_init(0, 1, 2) == NRT_SUCCESS);
  CHECK(nrt_cc_global_comm_init(0, 1, 2) == NRT_SUCCESS);
  CHECK(nrt_build_global_comm(0, 1, 2) == NRT_SUCCESS);
  CHECK(nrt_cc_global_comm_init(0, 0, 2) == NRT_INVALID);
  CHECK(nrt_cc_global_comm_init(1, 1, 2) == NRT_INVALID);
}

TEST_CASE("R72 one rank works alone, with several tensors at once") {
  Client client;
  REQUIRE(nrt_cc_global_comm_init(0, 0, 1) == NRT_SUCCESS);
  nrt_tensor_t* in[] = {client.tensor(400), client.tensor(40000)};
  nrt_tensor_t* out[] = {client.tensor(400), client.tensor(40000)};
  for (const nrt_cc_op_type_t kind : {NRT_CC_ALLGATHER, NRT_CC_ALLREDUCE, NRT_CC_REDUCESCATTER}) {
    Client::fill(in[0], static_cast<float>(kind) + 1);
    Client::fill(in[1], static_cast<float>(kind) + 2);
    nrt_cc_comm_t comm{};
    comm.rank_n = 1;
    comm.ctx_device_count = 1;
    nrt_tensor_list_t inputs{in, 2};
    nrt_tensor_list_t outputs{out, 2};
    nrt_cc_context_t* context = nullptr;
    nrta_seq_t sequence = 0;
    REQUIRE(nrta_cc_prepare(&comm, &inputs, &outputs, NRT_DTYPE_FLOAT32, NRT_OP_ADD, kind,
                            &context) == NRT_SUCCESS);
    REQUIRE(nrta_cc_schedule(&context, 0, nullptr, &sequence) == NRT_SUCCESS);
    Client::wait(sequence);
    CHECK(Client::read(out[0]) == Client::read(in[0]));
    CHECK(Client::read(out[1]) == Client::read(in[1]));
  }
}

TEST_CASE("R72 a core belongs to so many replica groups and no more") {
  Client client({{"NSIM_SET", "runtime.max_replica_groups=2"}});
  join_all(2);
  nrt_tensor_t* x = client.tensor(64);
  nrt_cc_context_t* context = nullptr;
  const auto prepare = [&](const std::vector<std::uint32_t>& group) {
    return Operation{NRT_CC_ALLREDUCE, NRT_DTYPE_INT32, NRT_OP_ADD, group}.prepare(0, 2, x, x,
                                                                                   &context);
  };
  CHECK(prepare({0}) == NRT_SUCCESS);
  CHECK(prepare({0, 1}) == NRT_SUCCESS);
  CHECK(prepare({0}) == NRT_SUCCESS);  // the same group again
  CHECK(prepare({1, 0}) == NRT_RESOURCE);
  CHECK(prepare({0, 0}) == NRT_INVALID);
  CHECK(prepare({0, 7}) == NRT_INVALID);
}

TEST_CASE("R72 replica groups of a world work side by side") {
  Client client;
  const std::uint32_t ranks = core_count();
  join_all(ranks);
  std::vector<nrt_tensor_t*> in;
  std::vector<nrt_tensor_t*> out;
  for (std::uint32_t rank = 0; rank < ranks; ++rank) {
    in.push_back(client.tensor(4000, static_cast<int>(rank)));
    out.push_back(client.tensor(4000, static_cast<int>(rank)));
    Client::fill(in.back(), static_cast<float>(rank));
  }
  // Even and odd ranks; with two ranks each group has one.
  const auto statuses =
      run_ranks({NRT_CC_ALLREDUCE, NRT_DTYPE_FLOAT32}, in, out, [&](Operation& own, std::size_t r) {
        for (std::uint32_t other = static_cast<std::uint32_t>(r % 2); other < ranks; other += 2) {
          own.group.push_back(other);
        }
      });
  CHECK(statuses == std::vector<NRT_STATUS>(ranks, NRT_SUCCESS));
  for (std::uint32_t rank = 0; rank < ranks; ++rank) {
    float sum = 0;
    for (std::uint32_t other = rank % 2; other < ranks; other += 2) {
      sum += static_cast<float>(other);
    }
    CHECK(Client::read(out[rank]) == std::vector<float>(1000, sum));
  }
}
