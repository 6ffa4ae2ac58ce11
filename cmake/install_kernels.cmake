# SPDX-License-Identifier: Apache-2.0
# Run by `cmake --install`: the traced kernels of `nsim validate` (TEXTS) as containers in TO, a tenth of their size. A container is
# made for a device with as many cores as its program has.
file(MAKE_DIRECTORY ${TO})
file(GLOB texts ${TEXTS}/*.nasm)
foreach(text ${texts})
  file(STRINGS ${text} head LIMIT_COUNT 4)
  string(REGEX REPLACE ".*target ([a-z0-9]+);.*" "\\1" device "${head}")
  if(NOT device MATCHES "^(trn1|inf2)$" AND NOT head MATCHES ";cores 2;")
    string(APPEND device _lnc1)
  endif()
  get_filename_component(name ${text} NAME_WE)
  execute_process(COMMAND ${NSIM} asm ${text} --config ${device} -o ${TO}/${name}.neff OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
endforeach()
