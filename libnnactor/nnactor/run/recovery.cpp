#include "nnactor/run/recovery.hpp"

namespace nnactor {

namespace {

bool is_of_store(const caf::error& why) {
  auto code = code_of(why);
  return code == ec::store_unwritable || code == ec::store_missing
         || code == ec::store_corrupt;
}

} // namespace

bool recovery::lose(const std::string& address, time now) {
  if (!lost_.insert(address).second)
    return false;
  break_off(now);
  return true;
}

void recovery::break_off(time now) {
  if (!since_)
    since_ = now;
  ++disturbances_;
}

void recovery::start_attempt() {
  attempt_ = disturbances_;
}

bool recovery::end_attempt() {
  auto fresh = !is_overtaken();
  attempt_.reset();
  return fresh;
}

bool recovery::may_pass(const caf::error& why, time now,
                        duration patience) const {
  return (is_loss(why) || is_of_store(why))
         && !(since_ && now - *since_ > patience);
}

recovery::summary recovery::succeed(time now) {
  summary out{now - *since_, !lost_.empty()};
  since_.reset();
  lost_.clear();
  return out;
}

} // namespace nnactor
