#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nnactor {

// Every name in the folder of a model comes from one function here and is
// recognised by the function beside it. A name is recognised only in the exact
// spelling that the first function gives; whatever else lies in the folder
// belongs to somebody else and is left alone.

/// "epoch.7": the claim of an epoch.
std::string epoch_file(uint64_t epoch);
std::optional<uint64_t> parse_epoch_file(std::string_view name);

/// "manifest.000012": the commit of a generation.
std::string manifest_file(uint64_t generation);
std::optional<uint64_t> parse_manifest_file(std::string_view name);

/// "000012": where the slice files of a generation lie.
std::string generation_folder(uint64_t generation);
std::optional<uint64_t> parse_generation_folder(std::string_view name);

/// "7.node-a.1f0c9be24d5a6678": a slice file within its generation's folder.
/// Characters of `node` other than letters, digits, '-', '_' and ':' become
/// '_', so that no node can leave the folder.
std::string slice_file(uint64_t epoch, std::string_view node,
                       std::string_view nonce);

/// Returns the epoch that wrote a slice file.
std::optional<uint64_t> parse_slice_file(std::string_view name);

/// "temporary.7.000012.1f0c9be24d5a6678": a manifest before its commit.
std::string temporary_manifest(uint64_t epoch, uint64_t generation,
                               std::string_view nonce);

/// What the name of a temporary manifest tells.
struct temporary_name {
  uint64_t epoch = 0;
  uint64_t generation = 0;
};

std::optional<temporary_name> parse_temporary_manifest(std::string_view name);

/// "run.7": who has claimed epoch 7 as its first, there while it lives.
std::string run_file(uint64_t epoch);
std::optional<uint64_t> parse_run_file(std::string_view name);

/// "probe.1f0c9be24d5a6678": lies there for the moment in which nodes look
/// whether they see the same folder as their driver.
std::string probe_file(std::string_view nonce);
bool is_probe_file(std::string_view name);

/// Joins a folder and a name within it.
std::string in_folder(std::string_view folder, std::string_view name);

/// Whether `path` stays below the folder it is relative to: not empty, not
/// absolute, no "." or ".." and no empty component.
bool is_safe_relative(std::string_view path);

/// Returns `2 * bytes` hexadecimal digits from the system's random source.
std::string random_name(size_t bytes = 8);

} // namespace nnactor
