#pragma once

#include "nnactor/device/gpu/launcher.hpp"

#include <optional>

namespace nnactor {

/// The host in place of a GPU, for tests of everything around it: runs the same
/// kernels, one lane after the other, with products as plain loops. It does
/// nothing before somebody waits for it, and its memory can be touched by its
/// kernels and copies only: who forgets to wait, or reads what is not the
/// host's, is found out.
/// @param seed Draws how far each stream gets before it must; nothing: no
///        further than it must.
std::shared_ptr<gpu::launcher> make_emulator(std::optional<uint64_t> seed = {});

} // namespace nnactor
