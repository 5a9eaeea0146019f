#pragma once

/// Compiles a function for several processors, chosen when the program starts:
/// NNACTOR_CLONES("avx2", "default"). Clang, which builds only the sanitized
/// tests and the fuzz targets, takes no list of instructions for one clone, so
/// there it is compiled once.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define NNACTOR_CLONES(...) __attribute__((target_clones(__VA_ARGS__)))
#else
#define NNACTOR_CLONES(...)
#endif
