#pragma once

#include <dlfcn.h>

namespace nnactor {

/// What a function of ours stands in front of: the one of that (mangled) name
/// in the library where it comes from. Our own comes first because the program
/// comes before its libraries where a name is looked up.
template <class Function>
Function next_function(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

} // namespace nnactor
