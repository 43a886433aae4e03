# Places of `cmake --install`: the header, both libraries, laot.pc and the CMake package.
# GNUInstallDirs gives Debian's multi-arch folder under /usr and lib elsewhere.
include(CMakePackageConfigHelpers)

set(LAOT_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/laot)
install(FILES capi/laot.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS laot EXPORT laot-targets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
# Apart, so that users of the shared library need no BLAS to build against.
install(TARGETS laot_static EXPORT laot-static-targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT laot-targets NAMESPACE laot:: DESTINATION ${LAOT_CMAKE_DIR})
install(EXPORT laot-static-targets NAMESPACE laot:: DESTINATION ${LAOT_CMAKE_DIR})

configure_package_config_file(cmake/laot-config.cmake.in ${PROJECT_BINARY_DIR}/laot-config.cmake
                              INSTALL_DESTINATION ${LAOT_CMAKE_DIR})
# Before 1.0.0 a minor version may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/laot-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/laot-config.cmake
              ${PROJECT_BINARY_DIR}/laot-config-version.cmake
        DESTINATION ${LAOT_CMAKE_DIR})

# /usr/lib/libopenblas.so -> -lopenblas, stdc++ -> -lstdc++, -pthread as it is
function(laot_link_flags out)
  set(flags "")
  foreach(library IN LISTS ARGN)
    if(IS_ABSOLUTE "${library}")
      get_filename_component(library "${library}" NAME_WE)
      string(REGEX REPLACE "^lib" "" library "${library}")
    endif()
    if(NOT library MATCHES "^-")
      set(library "-l${library}")
    endif()
    list(APPEND flags ${library})
  endforeach()
  list(REMOVE_DUPLICATES flags)
  list(JOIN flags " " flags)
  set(${out} "${flags}" PARENT_SCOPE)
endfunction()

laot_link_flags(LAOT_PC_PRIVATE ${LAPACK_LIBRARIES} ${BLAS_LIBRARIES} ${CMAKE_THREAD_LIBS_INIT}
                ${CMAKE_CXX_IMPLICIT_LINK_LIBRARIES})
# Found from where laot.pc lies, so that an installed tree can be moved.
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  set(LAOT_PC_PREFIX "${CMAKE_INSTALL_PREFIX}")
  set(LAOT_PC_LIBDIR "${CMAKE_INSTALL_LIBDIR}")
else()
  file(RELATIVE_PATH up "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
  string(REGEX REPLACE "/$" "" up "${up}")
  set(LAOT_PC_PREFIX "\${pcfiledir}/${up}")
  set(LAOT_PC_LIBDIR "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
endif()
if(IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
  set(LAOT_PC_INCLUDEDIR "${CMAKE_INSTALL_INCLUDEDIR}")
else()
  set(LAOT_PC_INCLUDEDIR "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
endif()
configure_file(cmake/laot.pc.in ${PROJECT_BINARY_DIR}/laot.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/laot.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
