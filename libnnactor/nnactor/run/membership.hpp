#pragma once

#include "nnactor/run/comebacks.hpp"
#include "nnactor/run/homes.hpp"
#include "nnactor/run/roster.hpp"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace nnactor {

/// Who serves a job, who has, and who is to be taken back with which groups;
/// for training and for answers alike.
class membership {
public:
  using time = comebacks::time;

  membership() = default;

  /// @param own Addresses of nodes that end for good when they end.
  explicit membership(std::set<std::string> own) : own_(std::move(own)) {
  }

  const roster& known() const {
    return known_;
  }

  homes& belongings() {
    return homes_;
  }

  /// These nodes serve from now on.
  void serve(const std::vector<server>& servers, time now);

  /// A node was lost, at a step of the job.
  void lose(const deployment& job, const std::string& address, uint64_t step,
            time now);

  /// A node has left, or is not to be taken back.
  void let_go(const std::string& address, uint64_t step);

  /// Names a node that is to be asked whether it is there again. One at a time:
  /// it is expected until it serves or is said not to come.
  std::optional<std::string> call(time now);

  bool is_expected(const std::string& address) const {
    return !expected_.empty() && address == expected_;
  }

  /// Returns a job with this node, and on it the groups that it had.
  rearrangement welcome(const deployment& job,
                        const std::string& address) const;

  /// It does not come now.
  void miss(const std::string& address, time now);

  /// It could not be set up. Returns whether the reason is news.
  bool refuse(const std::string& address, ec why, time now);

  /// It did not answer, or it did and cannot come. Returns whether the reason
  /// is news.
  bool stay_away(const std::string& address, const caf::error& why, time now);

private:
  std::set<std::string> own_;
  roster known_;
  comebacks when_;
  homes homes_;
  std::string expected_; ///< Address; empty: nobody.
};

} // namespace nnactor
