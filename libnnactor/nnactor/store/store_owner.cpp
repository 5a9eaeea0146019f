#include "nnactor/store/checksum.hpp"
#include "nnactor/store/model_store.hpp"
#include "nnactor/store/names.hpp"
#include "nnactor/store/new_file.hpp"

#include <array>
#include <bit>
#include <future>

namespace nnactor {

static_assert(std::endian::native == std::endian::little,
              "parameters go to and from files as they are");

namespace {

std::span<const std::byte> bytes_of(const parameter& what) {
  return {what.values.bytes().data(), what.values.bytes().size()};
}

constexpr uint64_t align(uint64_t offset) {
  return (offset + slice_alignment - 1) / slice_alignment * slice_alignment;
}

caf::error check(const parameter_set& group, const parameter& what) {
  auto extent = what.values.extent();
  if (what.values.type() == dtype::f32 && extent.rows == group.neurons.size()
      && extent.size() != 0)
    return caf::none;
  return fail(ec::internal,
              "layer {} parameter {}: {} values of {}x{} for {} neurons",
              group.layer, what.name, to_string(what.values.type()),
              extent.rows, extent.columns, group.neurons.size());
}

slice make_slice(const parameter_set& group, const parameter& what,
                 uint64_t offset) {
  slice out;
  out.layer = group.layer;
  out.parameter = what.name;
  out.neurons = group.neurons;
  out.columns = what.values.extent().columns;
  out.offset = offset;
  out.length = bytes_of(what).size();
  return out;
}

// Lays the parameters out one after the other; the file has no name yet.
result<std::vector<slice>> plan(const std::vector<parameter_set>& groups) {
  std::vector<slice> slices;
  uint64_t end = 0;
  for (auto& group : groups)
    for (auto& what : group.parameters) {
      if (auto err = check(group, what))
        return err;
      slices.push_back(make_slice(group, what, align(end)));
      end = slices.back().offset + slices.back().length;
    }
  return slices;
}

/// Reads all bytes twice, which takes longer than writing them: it runs beside.
void add_sums(const std::vector<parameter_set>& groups,
              std::vector<slice>& slices) {
  auto to = slices.begin();
  for (auto& group : groups)
    for (auto& what : group.parameters) {
      to->checksums = checksums_of(bytes_of(what));
      to->sum = digest_of(bytes_of(what));
      ++to;
    }
}

caf::error write(filesystem::writer& file,
                 const std::vector<parameter_set>& groups) {
  constexpr std::array<std::byte, slice_alignment> zeros{};
  uint64_t end = 0;
  for (auto& group : groups)
    for (auto& what : group.parameters) {
      if (auto err = file.append(std::span{zeros}.first(align(end) - end)))
        return err;
      if (auto err = file.append(bytes_of(what)))
        return err;
      end = align(end) + bytes_of(what).size();
    }
  return caf::none;
}

} // namespace

result<std::vector<slice>>
model_store::write_slices(uint64_t generation, uint64_t epoch,
                          const std::string& node,
                          const std::vector<parameter_set>& groups) {
  auto slices = plan(groups);
  if (!slices || slices->empty())
    return slices;
  // Creating the folder of the model here would hide that the shared storage
  // is not mounted on this machine.
  if (!fs_->exists(folder_))
    return fail(ec::store_unwritable,
                "{}: not there on node {}; mount the shared storage of the "
                "model under this path",
                folder_, node);
  auto place = generation_folder(generation);
  if (auto err = fs_->make_folder(in_folder(folder_, place)))
    return err;
  auto name = [&](const std::string& nonce) {
    return slice_file(epoch, node, nonce);
  };
  auto fill = [&](filesystem::writer& file) { return write(file, groups); };
  // Beside the writing where there is a thread for it; ends before `slices`.
  auto sums = std::async([&] { add_sums(groups, *slices); });
  auto file =
      write_new_file(*fs_, in_folder(folder_, place), name, fill,
                     {failpoint::slices_created, failpoint::slices_written,
                      failpoint::slices_synced, failpoint::slices_named});
  if (!file)
    return file.error();
  sums.get();
  for (auto& x : *slices)
    x.file = in_folder(place, *file);
  return slices;
}

} // namespace nnactor
