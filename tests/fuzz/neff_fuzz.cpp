// SPDX-License-Identifier: Apache-2.0
// The first byte selects what the rest is: a file (0), or the JSON member with that number of a
// NEFF whose other members are good; the header is made to fit. Either is refused with a
// ContainerError, or has tensors with names and sizes that hold their elements.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "sim/isa/neff.h"
#include "tests/support/neff_fixture.h"

using namespace nsim;
using namespace nsim::isa;

namespace {

std::vector<std::byte> neff_with(std::size_t number, const std::byte* bytes, std::size_t size) {
  static const test::NeffFixture fixture = test::increment_neff("trn2", 2);
  static const std::vector<ArchiveMember> good = fixture.members();
  std::vector<ArchiveMember> members = good;
  for (ArchiveMember& member : members) {
    const bool json = member.path.find(".json") != std::string::npos;
    if (json && --number == 0) {
      member.content.assign(bytes, bytes + size);
    }
  }
  return write_neff(fixture.header, write_archive(members));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const auto* bytes = reinterpret_cast<const std::byte*>(data + 1);
  std::vector<std::byte> file(bytes, bytes + size - 1);
  if (data[0] != 0) {
    file = neff_with(data[0] % 8U, bytes, size - 1);
  }
  try {
    const Neff neff = read_neff(file.data(), file.size());
    for (const auto* tensors : {&neff.inputs, &neff.outputs}) {
      for (const NeffTensor& tensor : *tensors) {
        if (tensor.bytes < 0 || (neff_dtype(tensor.dtype) && tensor.dtype.empty())) {
          std::abort();
        }
      }
    }
  } catch (const ContainerError&) {
    return 0;
  }
  return 0;
}
