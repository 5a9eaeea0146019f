#pragma once

#include "support/tape.hpp"

#include "nnactor/network/network.hpp"
#include "nnactor/tensor/tensor.hpp"

#include <map>
#include <string>
#include <utility>

namespace nnactor {

/// The names of a layer and of one of its parameters.
using parameter_name = std::pair<std::string, std::string>;

/// Parameters [units, columns] on a tape.
using parameter_quantities = std::map<parameter_name, quantity>;

/// Throws `std::invalid_argument` for what `transformer_logits` cannot compute.
void check_transformer(const network& net);

/// Computes all layers of a transformer and returns its logits, [rows, tokens].
quantity transformer_logits(tape& on, const network& net,
                            const parameter_quantities& parameters,
                            const tensor& inputs);

/// The mean over rows of -log softmax(logits)[target].
quantity cross_entropy(tape& on, quantity logits, const tensor& targets);

} // namespace nnactor
