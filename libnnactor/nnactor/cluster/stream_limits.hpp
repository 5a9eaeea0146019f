#pragma once

namespace nnactor {

/// What strangers say and do not say costs a connection little. A call of this
/// puts our versions of functions of CAF into the program, see
/// `next_function`:
///
/// - A buffer for a message grows in steps while the message comes in, not at
///   once to the length that is announced.
/// - What waits for a handshake of TLS waits, and takes no processor time.
/// - A connection that is closed here is closed, and does not wait for the
///   other end to do the same; a process that ends would wait for it, too.
void limit_streams();

} // namespace nnactor
