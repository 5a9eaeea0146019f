#include "nnactor/run/generation_writer.hpp"

#include <algorithm>

namespace nnactor {

uint64_t generation_writer::begin(manifest next, size_t nodes, bool verified) {
  next.generation = highest_ + 1;
  under_way_.emplace(
      writing{.what = std::make_shared<manifest>(std::move(next)),
              .nodes = nodes,
              .answered = {},
              .verified = verified});
  unasked_ = nodes;
  return ++attempt_;
}

bool generation_writer::hold(uint64_t attempt) {
  return attempt == attempt_ && unasked_ > 0 && --unasked_ == 0;
}

bool generation_writer::expects(uint64_t number, node_index node) const {
  return under_way_ && under_way_->what->generation == number
         && node < under_way_->nodes && !under_way_->answered.contains(node);
}

generation_writer::advice
generation_writer::add(node_index node, const std::vector<slice>& slices) {
  auto& all = under_way_->what->slices;
  all.insert(all.end(), slices.begin(), slices.end());
  under_way_->answered.insert(node);
  return next();
}

// Others may still be writing theirs, and the next attempt has the same number.
generation_writer::advice generation_writer::fail(node_index node,
                                                  caf::error why) {
  under_way_->fault = std::move(why);
  under_way_->answered.insert(node);
  return next();
}

generation_writer::advice generation_writer::verify() {
  if (under_way_)
    under_way_->verified = true;
  return next();
}

generation_writer::advice generation_writer::verify_by(uint64_t seen) {
  return under_way_ && seen >= step() ? verify() : advice::wait;
}

generation_writer::advice generation_writer::next() const {
  if (!under_way_ || under_way_->committing
      || under_way_->answered.size() < under_way_->nodes)
    return advice::wait;
  if (under_way_->fault)
    return advice::give_up;
  return under_way_->verified ? advice::commit : advice::wait;
}

std::optional<node_index> generation_writer::missing() const {
  if (under_way_)
    for (node_index i = 0; i < under_way_->nodes; ++i)
      if (!under_way_->answered.contains(i))
        return i;
  return std::nullopt;
}

manifest_ptr generation_writer::commit() {
  under_way_->committing = true;
  auto& what = under_way_->what;
  std::ranges::sort(what->slices, {}, [](const slice& x) {
    return std::tuple{x.neurons.id_at(0), x.parameter};
  });
  return what;
}

void generation_writer::drop() {
  if (under_way_ && !under_way_->committing)
    under_way_.reset();
  unasked_ = 0;
}

void generation_writer::committed(saved what) {
  under_way_.reset();
  failure_ = caf::none;
  highest_ = what.generation;
  committed_.push_back(what);
  if (committed_.size() > keep_)
    committed_.erase(committed_.begin());
}

void generation_writer::give_up(caf::error why) {
  under_way_.reset();
  failure_ = std::move(why);
}

std::optional<uint64_t> generation_writer::pass_over() {
  if (committed_.empty())
    return std::nullopt;
  auto damaged = committed_.back().generation;
  committed_.pop_back();
  return damaged;
}

} // namespace nnactor
