#pragma once

#include "nnactor/engine/layer_maths.hpp"

namespace nnactor {

// The kinds of layers, each in a source of its name; see `layer_kind`.

std::unique_ptr<layer_maths> make_embedding(const network& net, const group& of,
                                            const train_settings& how);

std::unique_ptr<layer_maths> make_dense(const network& net,
                                        const group_graph& graph,
                                        const group& of,
                                        const train_settings& how);

std::unique_ptr<layer_maths> make_sparse(const network& net,
                                         const group_graph& graph,
                                         const group& of,
                                         const train_settings& how);

} // namespace nnactor
