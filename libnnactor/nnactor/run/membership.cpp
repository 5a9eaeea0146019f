#include "nnactor/run/membership.hpp"

namespace nnactor {

void membership::serve(const std::vector<server>& servers, time now) {
  known_.serve(servers);
  for (auto& x : servers) {
    when_.take_back(x.address, now);
    homes_.forget_node(x.number);
    if (is_expected(x.address))
      expected_.clear();
  }
}

void membership::lose(const deployment& job, const std::string& address,
                      uint64_t step, time now) {
  known_.lose(address, step);
  homes_.lose(job, address);
  if (!own_.contains(address))
    when_.lose(address, now);
}

void membership::let_go(const std::string& address, uint64_t step) {
  known_.let_go(address, step);
  when_.forget(address);
  homes_.forget_node(known_.number_of(address));
}

std::optional<std::string> membership::call(time now) {
  if (!expected_.empty())
    return std::nullopt;
  auto due = when_.due(now);
  expected_ = due.value_or("");
  return due;
}

rearrangement membership::welcome(const deployment& job,
                                  const std::string& address) const {
  return homes_.welcome(job, {address, {}, known_.number_of(address)});
}

void membership::miss(const std::string& address, time now) {
  if (is_expected(address))
    expected_.clear();
  when_.miss(address, now);
}

bool membership::refuse(const std::string& address, ec why, time now) {
  if (is_expected(address))
    expected_.clear();
  return when_.refuse(address, why, now);
}

bool membership::stay_away(const std::string& address, const caf::error& why,
                           time now) {
  if (!is_loss(why))
    return refuse(address, code_of(why), now);
  miss(address, now);
  return false;
}

} // namespace nnactor
