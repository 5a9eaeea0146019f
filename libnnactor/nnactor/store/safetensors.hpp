#pragma once

#include "nnactor/store/model_store.hpp"

#include <string>

namespace nnactor {

// Models as single files of the safetensors format (its specification:
// github.com/huggingface/safetensors, "Format"): 8 bytes of length, that much
// JSON, then all tensors without a gap. Tensors are called LAYER.PARAMETER, for
// example "hidden.weight" [units, inputs] and "hidden.bias" [units]; rows are
// in the order of neurons. What else makes a model, its network and where its
// training stands, is in the metadata.

/// Writes a generation with its optimizer state to a new file.
caf::error export_safetensors(model_store& from, const manifest& what,
                              filesystem& fs, const std::string& path);

/// Makes the first generation of a new model of such a file, in one part.
/// Fails with `ec::store_corrupt` on a file that breaks a rule of the format,
/// `ec::invalid_data` on one that another program wrote, and
/// `ec::invalid_argument` where there is a model already.
result<manifest> import_safetensors(filesystem& fs, const std::string& path,
                                    model_store& to);

} // namespace nnactor
