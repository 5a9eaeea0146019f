#include "nnactor/store/slice_codec.hpp"

#include "nnactor/codec/message.hpp"
#include "nnactor/codec/network_codec.hpp"
#include "nnactor/store/slice_check.hpp"

#include <cstring>

namespace nnactor {

namespace {

// The distinct neuron sets of slices, in the order of their first use. Slices
// of one group follow each other, so comparing with the last set finds nearly
// all repetitions, and a set that is stored twice does no harm.
struct set_table {
  std::vector<const neuron_set*> sets;
  std::vector<uint32_t> index_of_slice;

  explicit set_table(const std::vector<slice>& slices) {
    for (auto& x : slices) {
      if (sets.empty() || *sets.back() != x.neurons)
        sets.push_back(&x.neurons);
      index_of_slice.push_back(static_cast<uint32_t>(sets.size() - 1));
    }
  }
};

void write_slice(schema::Slice::Builder out, const slice& x, uint32_t set) {
  out.setLayer(x.layer);
  out.setParameter(x.parameter);
  out.setNeurons(set);
  out.setColumns(x.columns);
  out.setFile(x.file);
  out.setOffset(x.offset);
  out.setLength(x.length);
  auto sums = out.initChecksums(static_cast<unsigned>(x.checksums.size()));
  for (unsigned i = 0; i < sums.size(); ++i)
    sums.set(i, x.checksums[i]);
  out.setSum(to_reader(x.sum));
}

result<slice> read_slice(schema::Slice::Reader in,
                         const std::vector<neuron_set>& sets) {
  slice x;
  x.layer = in.getLayer();
  x.parameter = in.getParameter().cStr();
  x.file = in.getFile().cStr();
  if (in.getNeurons() >= sets.size())
    return fail(ec::store_corrupt, "{}: neuron set {} of {}", x.file,
                in.getNeurons(), sets.size());
  x.neurons = sets[in.getNeurons()];
  x.columns = in.getColumns();
  x.offset = in.getOffset();
  x.length = in.getLength();
  for (auto sum : in.getChecksums())
    x.checksums.push_back(sum);
  auto sum = read_digest(in.getSum());
  if (!sum)
    return sum.error();
  x.sum = *sum;
  if (auto err = check_form(x))
    return err;
  return x;
}

result<std::vector<neuron_set>> read_sets(schema::Slices::Reader in) {
  std::vector<neuron_set> sets;
  for (auto entry : in.getSets()) {
    auto set = read(entry);
    if (!set)
      return fail(ec::store_corrupt, "{}", explain(set.error()));
    sets.push_back(std::move(*set));
  }
  return sets;
}

} // namespace

void write(schema::Slices::Builder out, const std::vector<slice>& slices) {
  set_table table{slices};
  auto sets = out.initSets(static_cast<unsigned>(table.sets.size()));
  for (unsigned i = 0; i < sets.size(); ++i)
    write(sets[i], *table.sets[i]);
  auto entries = out.initSlices(static_cast<unsigned>(slices.size()));
  for (unsigned i = 0; i < entries.size(); ++i)
    write_slice(entries[i], slices[i], table.index_of_slice[i]);
}

result<std::vector<slice>> read(schema::Slices::Reader in) {
  auto sets = read_sets(in);
  if (!sets)
    return sets.error();
  std::vector<slice> slices;
  for (auto entry : in.getSlices()) {
    auto x = read_slice(entry, *sets);
    if (!x)
      return x.error();
    slices.push_back(std::move(*x));
  }
  return slices;
}

result<digest> read_digest(capnp::Data::Reader in) {
  digest out{};
  if (in.size() != out.size())
    return fail(ec::store_corrupt, "a digest of {} bytes instead of {}",
                in.size(), out.size());
  std::memcpy(out.data(), in.begin(), out.size());
  return out;
}

capnp::Data::Reader to_reader(const digest& what) {
  return {reinterpret_cast<const capnp::byte*>(what.data()), what.size()};
}

std::vector<std::byte> encode(const std::vector<slice>& slices) {
  capnp::MallocMessageBuilder message;
  write(message.initRoot<schema::Slices>(), slices);
  return to_bytes(message);
}

result<std::vector<slice>> decode_slices(std::span<const std::byte> bytes) {
  std::vector<slice> slices;
  auto err = with_message(bytes, ec::store_corrupt,
                          [&](capnp::MessageReader& message) -> caf::error {
                            auto xs = read(message.getRoot<schema::Slices>());
                            if (!xs)
                              return xs.error();
                            slices = std::move(*xs);
                            return caf::none;
                          });
  if (err)
    return err;
  return slices;
}

} // namespace nnactor
