#pragma once

#include <cstdint>
#include <memory>
#include <string>

struct ssl_ctx_st;
struct ssl_st;

namespace nnactor::test {

/// With what a stranger speaks TLS.
class tls_identity {
public:
  /// The files NAME.pem and NAME.key in `folder`.
  tls_identity(const std::string& folder, const std::string& name);

  ssl_ctx_st* get() const {
    return context_.get();
  }

private:
  std::shared_ptr<ssl_ctx_st> context_;
};

/// A connection to a port of 127.0.0.1 that can say anything. Nothing of it
/// waits for longer than some seconds, and errors are not told: the other
/// end may do as it likes.
class connection {
public:
  /// Speaks TLS where there is an identity.
  explicit connection(uint16_t port, const tls_identity* who = nullptr);
  connection(connection&&) = default;
  ~connection();

  /// Whether the other end has not closed it yet.
  bool open() const;

  void send(const std::string& bytes);

  /// Waits for something and returns it; nothing where the connection ends.
  std::string receive();

  /// Throws away what has come.
  void drain();

private:
  std::shared_ptr<ssl_st> tls_; ///< Before the file that it uses.
  std::shared_ptr<int> file_;
};

} // namespace nnactor::test
