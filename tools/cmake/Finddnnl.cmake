# Finds oneDNN. Its own CMake configuration wants the development files of
# OpenCL, which only its GPU interface needs, and Debian's package of it does not
# bring them.
#   dnnl_VERSION, and the target DNNL::dnnl

find_path(DNNL_INCLUDE_DIR oneapi/dnnl/dnnl.hpp)
find_library(DNNL_LIBRARY dnnl)

if(DNNL_INCLUDE_DIR)
  set(dnnl_version_header ${DNNL_INCLUDE_DIR}/oneapi/dnnl/dnnl_version.h)
  foreach(part MAJOR MINOR PATCH)
    file(STRINGS ${dnnl_version_header} dnnl_line REGEX "define DNNL_VERSION_${part} ")
    string(REGEX REPLACE ".* ([0-9]+).*" "\\1" dnnl_${part} "${dnnl_line}")
  endforeach()
  set(dnnl_VERSION ${dnnl_MAJOR}.${dnnl_MINOR}.${dnnl_PATCH})
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(dnnl
  REQUIRED_VARS DNNL_LIBRARY DNNL_INCLUDE_DIR
  VERSION_VAR dnnl_VERSION)

if(dnnl_FOUND AND NOT TARGET DNNL::dnnl)
  add_library(DNNL::dnnl UNKNOWN IMPORTED)
  set_target_properties(DNNL::dnnl PROPERTIES
    IMPORTED_LOCATION ${DNNL_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${DNNL_INCLUDE_DIR})
endif()
