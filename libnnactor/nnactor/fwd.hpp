#pragma once

#include <memory>
#include <vector>

namespace nnactor {

struct block;
struct carried_groups;
struct deployment;
struct manifest;
struct parameter_set;
struct progress;
struct routing;

class group_program;
class loss_program;
class round_rows;

// Handed from actor to actor of one process without a copy; never on a wire.
using block_ptr = std::shared_ptr<block>;
using carried_ptr = std::shared_ptr<const carried_groups>;
using deployment_ptr = std::shared_ptr<const deployment>;
using manifest_ptr = std::shared_ptr<const manifest>;
using parameters_ptr = std::shared_ptr<const parameter_set>;
using program_ptr = std::shared_ptr<group_program>;
using programs_ptr = std::shared_ptr<const std::vector<program_ptr>>;
using progress_ptr = std::shared_ptr<const progress>;
using round_ptr = std::shared_ptr<const round_rows>;
using routing_ptr = std::shared_ptr<const routing>;

} // namespace nnactor
