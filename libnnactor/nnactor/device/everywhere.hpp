#pragma once

// What is compiled for GPUs, too.
#ifdef __CUDACC__
#define NNACTOR_EVERYWHERE __host__ __device__
#else
#define NNACTOR_EVERYWHERE
#endif
