#pragma once

#include "nnactor/error.hpp"
#include "nnactor/store/model_folder.hpp"
#include "nnactor/store/model_store.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace nnactor {

/// What all of `nnactor model` take.
struct model_options {
  std::string path;       ///< Folder of the model.
  std::string generation; ///< A number, "newest" or "best"; may be empty.
  bool json = false;
};

/// What only `dump` takes.
struct dump_options {
  model_options model;
  std::string layer;     ///< Print values of this layer instead of the slices.
  std::string parameter; ///< Only this one; empty: all.
  int64_t neuron = -1;   ///< Only this one; -1: all.
  uint64_t limit = 64;   ///< Values of each parameter, 0: all.
};

/// A model on disk, looked at from outside.
struct model_view {
  explicit model_view(const std::string& path);

  std::shared_ptr<filesystem> fs;
  model_store store;

  /// Returns the generation that an option names, with its digest. Fails with
  /// `ec::invalid_argument` on anything else than a number, newest or best.
  result<loaded_manifest> load(const std::string& generation);
};

// Each prints to standard output and returns the exit status, or an error that
// is still to be printed.
result<int> show_model(const model_options& how);
result<int> verify_model(const model_options& how);
result<int> dump_model(const dump_options& how);
result<int> export_model(const model_options& how, const std::string& file,
                         bool overwrite);
result<int> import_model(const model_options& how, const std::string& file);

} // namespace nnactor
