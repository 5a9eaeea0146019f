#pragma once

#include "reports/figure.hpp"

#include "nnactor/error.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace nnactor {

/// `nnactor bench step`: the same partition on one node process, on three, and
/// in a plain loop without actors.
struct step_bench {
  std::string config = "configs/quickstart.toml";
  uint64_t steps = 400;
  std::string trace; ///< File for what every core does; empty: none.
  bool overwrite = false;
};

result<figures> run(const step_bench& how);

/// `nnactor bench hop`: what a message costs between two cores, to another
/// process, and in bulk, beside plain TCP; and what groups cost that are there.
struct hop_bench {
  uint64_t bulk_bytes = uint64_t{1} << 30; ///< Sent for each size of tensor.
};

result<figures> run(const hop_bench& how);

/// `nnactor bench directory`: who owns a neuron, at the scale of 530 billion.
struct directory_bench {
  uint64_t neurons = 530'000'000'000;
  uint64_t servers = 10000;
};

result<figures> run(const directory_bench& how);

/// `nnactor bench tax`: the same partition on one node and on two, against
/// plain loops on as many cores.
struct tax_bench {
  uint64_t steps = 60;
  uint64_t width = 1024; ///< Neurons of each of the layers.
};

result<figures> run(const tax_bench& how);

/// `nnactor bench metadata`: what a node knows, and what a remote invocation
/// costs, as a cluster grows.
struct metadata_bench {
  std::vector<uint32_t> nodes = {2, 8, 32, 128};
};

result<figures> run(const metadata_bench& how);

/// `nnactor bench cut`: connections between the parts of a clustered network,
/// split by connectivity, in order and at random.
struct cut_bench {
  uint64_t neurons = 100000;
  uint64_t parts = 8;
};

result<figures> run(const cut_bench& how);

/// `nnactor bench recovery`: a node is killed; how soon a run goes on.
struct recovery_bench {
  uint64_t width = 1800; ///< Ten million parameters.
  uint32_t nodes = 2;
};

result<figures> run(const recovery_bench& how);

/// `nnactor bench store`: commits and loads beside plain files, and what
/// saving costs a run.
struct store_bench {
  uint64_t width = 4000; ///< Fifty million parameters.
};

result<figures> run(const store_bench& how);

/// `nnactor bench rebalance`: one of two nodes is slowed by busy loops on its
/// core; what a rebalance wins back.
struct rebalance_bench {
  uint64_t width = 512; ///< Neurons of each of the layers.
  uint32_t burners = 2; ///< Busy loops: with two, a third of a core is left.
};

result<figures> run(const rebalance_bench& how);

/// `nnactor bench residency`: a network that fits the caches of two cores but
/// not that of one.
struct residency_bench {
  std::string config = "configs/residency.toml";
  uint64_t width = 0; ///< Neurons of each layer; 0: as in the config.
  std::string device; ///< One to measure a block on; empty: two cores.
  std::string csv;    ///< Files for the gain by size; empty: not measured.
  std::string svg;
  bool overwrite = false; ///< Files that are there already.
};

result<figures> run(const residency_bench& how);

/// The same on one device: a block whose weights its cache has kept, and after
/// something else has filled the cache.
result<figures> run_on_device(const residency_bench& how);

/// `nnactor bench plan`: random networks on random placements of two devices;
/// how far predicted times are from measured ones, and the chosen from the
/// best.
struct plan_bench {
  uint32_t networks = 15; ///< Each on four placements.
  uint64_t seed = 1;
  bool list = false; ///< Print every case.
};

result<figures> run(const plan_bench& how);

/// `nnactor bench gemm`: dense layers with as many rows as units on a device,
/// beside what its library does alone.
struct gemm_bench {
  std::string device = "cpu";
  uint64_t size = 0; ///< Rows, inputs and units; 0: several.
};

result<figures> run(const gemm_bench& how);

/// `nnactor bench gemv`: products with few rows, by what memory holds the
/// weights, beside plain reads and oneDNN.
struct gemv_bench {
  uint32_t cpu = 0;
};

result<figures> run(const gemv_bench& how);

} // namespace nnactor
