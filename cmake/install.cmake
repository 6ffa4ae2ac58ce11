# SPDX-License-Identifier: Apache-2.0
# What a user finds after `cmake --install`: bin/nsim, lib/libnrt.so.1, include/nrt, share/neuronsim/{configs,models,python},
# a CMake package (find_package(neuronsim) gives neuronsim::nrt, ::nrt_a, ::nrt_c and ::study), neuronsim.pc, neuronsim-a.pc and
# neuronsim-c.pc. The last two of each link with the symbols of one generation of the asynchronous interface.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS nsim RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS nrt EXPORT neuronsim LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} INCLUDES DESTINATION
        ${CMAKE_INSTALL_INCLUDEDIR})
foreach(generation a c) # what to link for one generation of the asynchronous interface
  install(TARGETS nrt_${generation} nrt_stub_${generation} EXPORT neuronsim
          LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/neuronsim/gen-${generation}
          INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endforeach()
install(TARGETS neuronsim_study EXPORT neuronsim LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} INCLUDES DESTINATION
        ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY tools/api/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY tools/api/python/ DESTINATION ${CMAKE_INSTALL_DATADIR}/neuronsim/python FILES_MATCHING PATTERN *.py)
install(DIRECTORY runtime/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY configs models DESTINATION ${CMAKE_INSTALL_DATADIR}/neuronsim FILES_MATCHING PATTERN *.toml PATTERN *.nasm)
install(CODE "
  set(NSIM $<TARGET_FILE:nsim>)
  set(TEXTS ${CMAKE_BINARY_DIR}/share/neuronsim/models/validation/kernels)
  set(TO \$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}/neuronsim/models/validation/kernels)
  include(${PROJECT_SOURCE_DIR}/cmake/install_kernels.cmake)")
install(DIRECTORY models/nki/ DESTINATION ${CMAKE_INSTALL_DATADIR}/neuronsim/python FILES_MATCHING PATTERN *.py)
install(DIRECTORY models/kernels DESTINATION ${CMAKE_INSTALL_DATADIR}/neuronsim/models FILES_MATCHING PATTERN *.py)

install(EXPORT neuronsim NAMESPACE neuronsim:: FILE neuronsim-targets.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/neuronsim)
file(WRITE ${CMAKE_BINARY_DIR}/neuronsim-config.cmake
     "include(\${CMAKE_CURRENT_LIST_DIR}/neuronsim-targets.cmake)\n")
write_basic_package_version_file(${CMAKE_BINARY_DIR}/neuronsim-config-version.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${CMAKE_BINARY_DIR}/neuronsim-config.cmake ${CMAKE_BINARY_DIR}/neuronsim-config-version.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/neuronsim)

function(neuronsim_pc name libraries flags)
  set(NAME ${name})
  set(LIBS ${libraries})
  set(FLAGS ${flags})
  configure_file(cmake/neuronsim.pc.in ${CMAKE_BINARY_DIR}/${name}.pc @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()
neuronsim_pc(neuronsim "-L\${libdir}" "")
neuronsim_pc(neuronsim-a "-L\${libdir}/neuronsim/gen-a" " -DNRTA_API_GEN=A")
neuronsim_pc(neuronsim-c "-L\${libdir}/neuronsim/gen-c" " -DNRTA_API_GEN=C")
