#pragma once

#include "nnactor/store/memory_filesystem.hpp"
#include "nnactor/store/model_store.hpp"

#include <optional>
#include <string>
#include <vector>

namespace nnactor::test {

/// Embedding (no bias) of 3 neurons, hidden of 10, out of 5: 18 neurons.
network small_network();

/// One hidden layer of 500 neurons with rows of 2000 values: 4 MB of weights,
/// whose rows straddle the MiB pieces; out of 3.
network wide_network();

/// Deals the neurons out in turn: neuron i is in part i mod `parts`.
partition deal(const network& net, uint64_t parts);

/// The value of one parameter of one neuron, the same whoever holds it.
float value_of(const std::string& parameter, neuron_id id, uint64_t column);

/// All parameters of some neurons of one layer, with Adam's state if `state`.
parameter_set parameters_of(const network& net, layer_id layer,
                            const neuron_set& neurons, bool state = true);

/// The groups of one part: one a layer.
std::vector<parameter_set> groups_of(const network& net, const neuron_set& part,
                                     bool state = true);

/// Whether a set holds exactly what `parameters_of` gives.
bool equal(const parameter_set& x, const parameter_set& y);

/// Lets every part write its slices for the next generation, without a commit.
result<manifest> write_parts(model_store& store, uint64_t epoch,
                             const network& net, const partition& parts);

/// The same, and commits.
result<manifest> commit_model(model_store& store, uint64_t epoch,
                              const network& net, const partition& parts,
                              std::optional<double> loss = std::nullopt);

/// Whether every row of the model reads as it was written.
bool reads_whole(model_store& store, const manifest& what);

/// A file as one piece of bytes, and back.
std::vector<std::byte> read_file(filesystem& fs, const std::string& path);
void replace_file(filesystem& fs, const std::string& path,
                  const std::vector<std::byte>& bytes);

/// Inverts one bit.
void flip(filesystem& fs, const std::string& path, uint64_t byte);

/// A folder on disk that goes with the object.
class scratch_folder {
public:
  scratch_folder();
  scratch_folder(const scratch_folder&) = delete;
  ~scratch_folder();

  std::string operator/(const std::string& name) const;

private:
  std::string path_;
};

/// Each filesystem, and a place for a model on it.
struct place {
  std::string name;
  std::shared_ptr<filesystem> fs;
  std::string folder;
};

std::vector<place> both_filesystems(const scratch_folder& scratch);

} // namespace nnactor::test
