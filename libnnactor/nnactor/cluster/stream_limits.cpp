#include "nnactor/cluster/stream_limits.hpp"

#include "nnactor/cluster/next_function.hpp"
#include "nnactor/defaults.hpp"

#include <caf/io/network/native_socket.hpp>
#include <caf/io/network/stream.hpp>

#include <caf/openssl/session.hpp>

#include <sys/epoll.h>

namespace nnactor {

namespace {

// Whether what was last to be written waits for a handshake of TLS, and so for
// the other end.
thread_local bool shaking_hands = false;

} // namespace

void limit_streams() {
}

} // namespace nnactor

namespace caf::io::network {

void stream::prepare_next_read() {
  constexpr auto first = nnactor::defaults::first_read_bytes;
  collected_ = 0;
  auto at_most = static_cast<receive_policy_flag>(state_.rd_flag)
                 == receive_policy_flag::at_most;
  read_threshold_ = at_most ? 1 : max_;
  if (rd_buf_.capacity() > nnactor::defaults::kept_read_bytes)
    buffer_type{}.swap(rd_buf_);
  rd_buf_.resize(std::min(max_, first));
}

bool stream::handle_read_result(rw_state state, size_t received) {
  using function = bool (*)(stream*, rw_state, size_t);
  static auto next = nnactor::next_function<function>(
      "_ZN3caf2io7network6stream18handle_read_resultENS1_8rw_stateEm");
  if (state != rw_state::failure && state_.writing
      && (eventbf() & EPOLLOUT) == 0) {
    writer_ = reader_;
    backend().add(operation::write, fd(), this);
  }
  auto full = state == rw_state::success && received > 0
              && collected_ + received == rd_buf_.size();
  if (!full || rd_buf_.size() >= read_threshold_)
    return next(this, state, received);
  collected_ += received;
  rd_buf_.resize(std::min(read_threshold_, 2 * rd_buf_.size()));
  return true;
}

void stream::handle_write_result(rw_state state, size_t sent) {
  using function = void (*)(stream*, rw_state, size_t);
  static auto next = nnactor::next_function<function>(
      "_ZN3caf2io7network6stream19handle_write_resultENS1_8rw_stateEm");
  // CAF tries again at once, and again, for there is room to write.
  auto waits = std::exchange(nnactor::shaking_hands, false);
  if (state == rw_state::success && sent == 0 && waits)
    backend().del(operation::write, fd(), this);
  else
    next(this, state, sent);
}

void stream::graceful_shutdown() {
  if (state_.shutting_down)
    return;
  state_.shutting_down = true;
  // Whatever is left is sent before. CAF takes a handshake of TLS that has not
  // ended for sending, which may never end.
  if (wr_buf_.empty() && wr_offline_buf_.empty())
    send_fin();
}

void stream::send_fin() {
  shutdown_both(fd_);
}

} // namespace caf::io::network

namespace caf::openssl {

rw_state session::write_some(size_t& result, native_socket file,
                             const void* data, size_t size) {
  using function =
      rw_state (*)(session*, size_t&, native_socket, const void*, size_t);
  static auto next = nnactor::next_function<function>(
      "_ZN3caf7openssl7session10write_someERmiPKvm");
  auto out = next(this, result, file, data, size);
  nnactor::shaking_hands = accepting_ || connecting_;
  return out;
}

} // namespace caf::openssl
