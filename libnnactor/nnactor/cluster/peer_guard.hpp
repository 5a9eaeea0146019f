#pragma once

namespace nnactor {

/// Whatever bytes a peer sends end its own connection at most. CAF 0.17 takes
/// what peers say on trust: a header of 32 bytes ends a process or makes it
/// allocate 4 GiB. A call of this puts our versions of functions of CAF into
/// the program, see `next_function`, `limit_streams` and `limit_decoding`:
///
/// - Frames that `acceptable` refuses end a connection, and so does whatever
///   throws while it is decoded.
/// - A node has one name on a connection and speaks for itself only; nothing is
///   passed on to third nodes.
/// - Who does not introduce itself within `defaults::introduction_timeout`, or
///   comes when there are too many of those, is disconnected; so is who does
///   not read what it is answered.
///
/// Raises the number of files that this process may open to what it is allowed
/// to, so that connections leave enough of them to the store.
void guard_against_peers();

} // namespace nnactor
