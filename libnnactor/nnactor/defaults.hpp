#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace nnactor::defaults {

/// Longest piece of a tensor that crosses a link at once. Only a message that
/// has arrived whole says that its sender lives, so one must fit into a small
/// part of a lease where several peers share 10 Mbit/s; shorter ones cost more.
constexpr size_t piece_bytes = 64 << 10;

/// Bytes that a link has under way to a gate at most before it waits for
/// credit: CAF buffers without bound whatever a sender gives it.
constexpr uint64_t link_window_bytes = 128 * piece_bytes;

/// Received bytes after which a gate returns credit to a link.
constexpr uint64_t credit_bytes = link_window_bytes / 4;

/// The longest message between nodes: a deployment, which lists all neurons of
/// all groups, and is the only one that comes near.
constexpr size_t message_bytes = size_t{512} << 20;

/// The longest word that says who calls; who answers, with its interface; and
/// that an actor has ended, with the reason.
constexpr size_t introduction_bytes = 4 << 10;
constexpr size_t handshake_bytes = 64 << 10;
constexpr size_t notice_bytes = 64 << 10;

/// What is first set aside for a message, enough for a piece of a tensor, and
/// what a connection keeps for the next one.
constexpr size_t first_read_bytes = 2 * piece_bytes;
constexpr size_t kept_read_bytes = 1 << 20;

/// What a peer may leave unread of what it is sent, while it asks for more.
constexpr size_t unread_bytes = 2 * message_bytes;

/// Actors of one peer that send messages, or that messages tell of.
constexpr size_t max_proxies = 65536;

/// Time that whoever connects has to say who it is, and how many may have yet
/// to say so: then the oldest is cut off, so that honest peers, who take
/// milliseconds, always come through.
constexpr auto introduction_timeout = std::chrono::seconds{10};
constexpr size_t max_strangers = 128;

/// Connections of a process, and files that it may open, at most.
constexpr size_t max_connections = 4096;
constexpr size_t max_files = 65536;

/// Rows of a micro-batch at most; bounds what a peer can make a node allocate.
constexpr uint64_t max_rows = 65536;

/// Rows of a round, where texts are written, at most, and rounds that a group
/// knows before it has computed them.
constexpr uint64_t round_rows = 512;
constexpr size_t known_rounds = 64;

/// Positions of a text that a page of a cache has.
constexpr uint64_t page_positions = 16;

/// Positions of all texts together that a group of attention has a cache for at
/// most.
constexpr uint64_t cached_positions = uint64_t{1} << 24;

/// Pieces of work that a group remembers to have taken, to drop duplicates:
/// time steps of micro-batches, in a full window up to four of each.
constexpr size_t remembered_work = 256;

/// Examples of so many answers that are a validation micro-batch. Nothing is
/// kept for a backward pass, so it can be larger than one of training.
constexpr uint64_t validation_examples(uint64_t answers) {
  return std::clamp<uint64_t>(8192 / answers, 1, 1024);
}

/// Examples of so many answers that somebody asks about at a time: no more than
/// are validated with, so what fits to train fits to be asked.
constexpr uint64_t question_examples(uint64_t answers) {
  return std::min<uint64_t>(validation_examples(answers), 256);
}

/// Micro-batches in flight at most.
constexpr uint32_t max_window = 64;

/// Rows of a micro-batch at most for which what a device runs through in one go
/// is made to fit its cache.
constexpr uint64_t block_rows = 16;

/// What that may take of the cache where its size is unknown: four fifths of
/// 2 MiB of L2.
constexpr uint64_t cache_bytes = 8 * (uint64_t{2} << 20) / 10;

/// Time in which one node must reach another.
constexpr auto dial_timeout = std::chrono::milliseconds{10000};

/// Time a node has to set up its groups.
constexpr auto deploy_timeout = std::chrono::seconds{60};

/// Time a group has to say what it does before it counts as computing.
constexpr auto status_timeout = std::chrono::milliseconds{1000};

/// Time a group has to show its parameters.
constexpr auto peek_timeout = std::chrono::seconds{10};

/// How often a driver looks for progress and asks nodes for their traffic.
constexpr auto watch_interval = std::chrono::milliseconds{500};

} // namespace nnactor::defaults
