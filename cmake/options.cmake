# SPDX-License-Identifier: Apache-2.0
# Language level, warnings and instrumentation: the same for every target.
set(CMAKE_CXX_STANDARD 17) # libsystemc is built for C++17 and refuses any other
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

option(NSIM_TESTS "Build the tests" ON)
set(NSIM_SANITIZE "" CACHE STRING "Sanitizers to instrument with: address,undefined or thread")
option(NSIM_COVERAGE "Instrument for gcovr" OFF)
option(NSIM_FUZZ "Build the libFuzzer targets (clang only)" OFF)

# Results must not depend on the machine: no fused multiply-add unless written, no value-changing maths.
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor> -Werror -ffp-contract=off)
if(NSIM_SANITIZE)
  add_compile_options(-fsanitize=${NSIM_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${NSIM_SANITIZE})
  if(NSIM_SANITIZE MATCHES undefined)
    # The check of vptr opens a pipe to probe memory and reports rubbish in tests that run out of descriptors; address
    # covers what it would find.
    add_compile_options(-fno-sanitize=vptr)
  endif()
endif()
if(NSIM_FUZZ)
  # What libFuzzer learns from; it itself is linked into the targets of tests/fuzz only.
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()
if(NSIM_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

# One static library per room, made of every source in its folder.
function(nsim_room name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_library(nsim_${name} STATIC ${sources})
  target_include_directories(nsim_${name} PUBLIC ${PROJECT_SOURCE_DIR})
endfunction()
