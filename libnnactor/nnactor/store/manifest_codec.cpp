#include "nnactor/codec/framed.hpp"
#include "nnactor/codec/message.hpp"
#include "nnactor/codec/network_codec.hpp"
#include "nnactor/store/manifest.hpp"
#include "nnactor/store/slice_check.hpp"
#include "nnactor/store/slice_codec.hpp"

#include <algorithm>

namespace nnactor {

namespace {

constexpr std::string_view magic = "NNACTORM";
constexpr uint32_t version = 1;

void write_manifest(schema::Manifest::Builder out, const manifest& what) {
  out.setGeneration(what.generation);
  out.setEpoch(what.epoch);
  out.setStep(what.step);
  out.setParent(to_reader(what.parent));
  out.setHasValidationLoss(what.validation_loss.has_value());
  out.setValidationLoss(what.validation_loss.value_or(0));
  write(out.initNetwork(), what.net);
  write(out.initPartition(), what.parts);
  write(out.initTrain(), what.train);
  auto tokens = static_cast<unsigned>(what.vocabulary.size());
  auto vocabulary = out.initVocabulary(tokens);
  for (unsigned i = 0; i < tokens; ++i)
    vocabulary.set(i, what.vocabulary[i]);
  auto merges = out.initMerges(static_cast<unsigned>(what.merges.size()));
  for (unsigned i = 0; i < merges.size(); ++i)
    merges.set(i, what.merges[i]);
  out.setExperiment(what.experiment);
  out.setRun(what.run);
  write(out.initSlices(), what.slices);
}

// Moves a value to its place, or returns why there is none as damage of the
// store, whatever room found it.
template <class T>
caf::error take(T& place, result<T> value) {
  if (!value)
    return fail(ec::store_corrupt, "{}", explain(value.error()));
  place = std::move(*value);
  return caf::none;
}

caf::error read_scalars(schema::Manifest::Reader in, manifest& out) {
  out.generation = in.getGeneration();
  out.epoch = in.getEpoch();
  out.step = in.getStep();
  if (in.getHasValidationLoss())
    out.validation_loss = in.getValidationLoss();
  out.experiment = in.getExperiment().cStr();
  out.run = in.getRun();
  for (auto code_point : in.getVocabulary())
    out.vocabulary.push_back(code_point);
  for (auto token : in.getMerges())
    out.merges.push_back(token);
  if (out.merges.size() % 2 != 0)
    return fail(ec::store_corrupt, "half a byte pair in a vocabulary");
  if (out.generation == 0)
    return fail(ec::store_corrupt, "a manifest of generation 0");
  auto falls = [](uint32_t x, uint32_t y) { return x >= y; };
  if (std::adjacent_find(out.vocabulary.begin(), out.vocabulary.end(), falls)
      != out.vocabulary.end())
    return fail(ec::store_corrupt, "a vocabulary that is not ascending");
  return caf::none;
}

caf::error read_manifest(schema::Manifest::Reader in, manifest& out) {
  if (auto err = read_scalars(in, out))
    return err;
  if (auto err = take(out.parent, read_digest(in.getParent())))
    return err;
  if (auto err = take(out.net, read(in.getNetwork())))
    return err;
  if (auto err = take(out.parts, read(in.getPartition(), out.net)))
    return err;
  if (auto err = take(out.train, read(in.getTrain())))
    return err;
  if (auto err = take(out.slices, read(in.getSlices())))
    return err;
  return check_slices(out.net, out.slices);
}

} // namespace

std::vector<std::byte> encode(const manifest& what) {
  capnp::MallocMessageBuilder message;
  write_manifest(message.initRoot<schema::Manifest>(), what);
  return frame(magic, version, to_bytes(message));
}

result<manifest> decode_manifest(std::span<const std::byte> file) {
  auto payload = unframe(magic, version, file, ec::store_corrupt);
  if (!payload)
    return payload.error();
  manifest out;
  auto err = with_message(
      *payload, ec::store_corrupt, [&](capnp::MessageReader& message) {
        return read_manifest(message.getRoot<schema::Manifest>(), out);
      });
  if (err)
    return err;
  return out;
}

} // namespace nnactor
