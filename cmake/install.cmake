# SPDX-License-Identifier: Apache-2.0
# What a user finds after `cmake --install`: bin/nsim, lib/libnrt.so.1, include/nrt, share/neuronsim/{configs,models},
# a CMake package (find_package(neuronsim) gives neuronsim::nrt) and neuronsim.pc.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS nsim RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS nrt EXPORT neuronsim LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} INCLUDES DESTINATION
        ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY runtime/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY configs models DESTINATION ${CMAKE_INSTALL_DATADIR}/neuronsim FILES_MATCHING PATTERN *.toml PATTERN *.nasm)

install(EXPORT neuronsim NAMESPACE neuronsim:: FILE neuronsim-targets.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/neuronsim)
file(WRITE ${CMAKE_BINARY_DIR}/neuronsim-config.cmake
     "include(\${CMAKE_CURRENT_LIST_DIR}/neuronsim-targets.cmake)\n")
write_basic_package_version_file(${CMAKE_BINARY_DIR}/neuronsim-config-version.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${CMAKE_BINARY_DIR}/neuronsim-config.cmake ${CMAKE_BINARY_DIR}/neuronsim-config-version.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/neuronsim)

configure_file(cmake/neuronsim.pc.in ${CMAKE_BINARY_DIR}/neuronsim.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/neuronsim.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
