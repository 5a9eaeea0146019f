#pragma once

#include "nnactor/credentials.hpp"
#include "nnactor/engine/settings.hpp"
#include "nnactor/error.hpp"
#include "nnactor/network/network.hpp"
#include "nnactor/origin.hpp"
#include "nnactor/partition/distribution.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace nnactor {

/// Section [data].
struct data_settings {
  enum class format : uint8_t { text, idx, noise };
  format kind = format::text;
  std::string path; ///< A file or a folder; noise has none.
  std::string images = "t10k-images-idx3-ubyte.gz"; ///< idx: in the folder.
  std::string labels = "t10k-labels-idx1-ubyte.gz"; ///< idx: in the folder.
  uint32_t context = 16; ///< text: tokens an example sees.
  /// text: an example is `context` tokens in a row, after each of which the
  /// next one is to be told, instead of one token after `context` others. No
  /// key says so: it is where the network looks tokens up in a table.
  bool sequences = false;
  uint32_t tokens = 0;      ///< text: byte pairs at most; 0: characters.
  uint32_t time_steps = 1;  ///< text, noise: of an example.
  uint32_t inputs = 64;     ///< noise: values of a time step.
  uint32_t classes = 10;    ///< noise: one is right at each time step.
  uint32_t examples = 1000; ///< noise: to train on and to validate with.
  double validation = 0.1;  ///< Share at the end kept for validation.
  origin where;             ///< Of the section.
  origin path_where;        ///< Of the key `path`.
};

/// Section [train].
struct run_settings {
  uint64_t steps = 1000;
  uint64_t evaluate_every = 100;  ///< Steps between validations.
  uint32_t evaluate_examples = 0; ///< Of a validation; 0: all there are.
  double stop_at_loss = 0; ///< Validation loss that is enough; 0: none is.
  train_settings train;
  uint32_t sample = 200;    ///< text: characters generated at the end.
  float temperature = 0.7f; ///< text: of that sample.
  origin where;

  /// Whether nothing is left to train at that validation loss.
  bool stops_at(double loss) const {
    return stop_at_loss > 0 && loss <= stop_at_loss;
  }
};

/// What the nodes that a run starts compute with.
enum class device_kind : uint8_t { cpu, gpu, emulated_gpu };

const char* to_string(device_kind kind);

/// Section [cluster].
struct cluster_settings {
  uint32_t nodes = 3;   ///< Started on loopback when `addresses` is empty.
  uint32_t devices = 1; ///< Devices used on each node.
  device_kind device = device_kind::cpu; ///< Of those that are started.
  std::vector<std::string> addresses;    ///< HOST:PORT of running nodes.
  precision link = precision::float32;
  uint64_t memory = 0; ///< Bytes a node may use at most; 0: what it has.
  std::string control = "127.0.0.1:0"; ///< Where shells reach the run.
  uint32_t connect_timeout_ms = 10000;
  uint32_t lease_ms = 2500; ///< A node silent for so long is lost; 0: never.
  uint32_t step_timeout_ms = 30000; ///< Longest wait for any progress.
  credentials who;                  ///< TLS, all three or none.
  origin where;
};

/// Section [store].
struct store_settings {
  std::string path = "models/model"; ///< Folder of the one model.
  uint32_t keep = 3;                 ///< Generations kept besides the best.
  uint64_t every = 0; ///< Steps between commits, 0: at every validation.
  origin where;
};

/// Everything that `nnactor run` is told.
struct experiment {
  std::string file; ///< The path it was read from.
  network_description network;
  data_settings data;
  run_settings run;
  cluster_settings cluster;
  distribution distribute;
  store_settings store;
  std::string text; ///< As TOML with all overrides applied; saved with the
                    ///< model.
};

/// A `KEY=VALUE` of the command line, for example "train.steps=50".
using override_text = std::string;

/// Reads a config. Unknown keys, wrong types and values out of range fail with
/// `ec::invalid_config`: "file:line:column: what; nearest valid key or value".
result<experiment> read_experiment(const std::string& path,
                                   const std::vector<override_text>& overrides);

/// The same from text; `name` stands in for the file in messages.
result<experiment>
parse_experiment(const std::string& text, const std::string& name,
                 const std::vector<override_text>& overrides);

} // namespace nnactor
