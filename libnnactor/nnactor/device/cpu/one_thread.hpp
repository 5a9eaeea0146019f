#pragma once

// Of libgomp, oneDNN's threads. Not every compiler that links it has its
// header.
extern "C" void omp_set_num_threads(int);

namespace nnactor {

/// Keeps oneDNN from starting a thread a core: each device is one core. The
/// setting belongs to the calling thread, and CAF starts the threads.
inline void use_one_thread() {
  omp_set_num_threads(1);
}

} // namespace nnactor
