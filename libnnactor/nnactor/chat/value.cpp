#include "nnactor/chat/value.hpp"

#include <algorithm>

namespace nnactor::chat {

namespace {

struct kind_name {
  const char* operator()(const undefined&) const {
    return "something undefined";
  }
  const char* operator()(const none&) const {
    return "none";
  }
  const char* operator()(bool) const {
    return "a boolean";
  }
  const char* operator()(int64_t) const {
    return "an integer";
  }
  const char* operator()(double) const {
    return "a number";
  }
  const char* operator()(const text_pointer&) const {
    return "a string";
  }
  const char* operator()(const sequence_pointer&) const {
    return "a list";
  }
  const char* operator()(const mapping_pointer&) const {
    return "a mapping";
  }
  const char* operator()(name_space*) const {
    return "a namespace";
  }
  const char* operator()(const function&) const {
    return "a function";
  }
};

struct truth {
  bool operator()(const undefined&) const {
    return false;
  }
  bool operator()(const none&) const {
    return false;
  }
  bool operator()(bool x) const {
    return x;
  }
  bool operator()(int64_t x) const {
    return x != 0;
  }
  bool operator()(double x) const {
    return x != 0;
  }
  bool operator()(const text_pointer& x) const {
    return x->size() > 0;
  }
  bool operator()(const sequence_pointer& x) const {
    return !x->items.empty();
  }
  bool operator()(const mapping_pointer& x) const {
    return !x->items.empty();
  }
  bool operator()(name_space*) const {
    return true;
  }
  bool operator()(const function&) const {
    return true;
  }
};

} // namespace

const char* kind_of(const value& x) {
  return x.visit(kind_name{});
}

uint32_t depth_of(const value& x) {
  if (auto* list = x.list())
    return list->depth;
  auto* dictionary = x.dictionary();
  return dictionary ? dictionary->depth : 0;
}

bool is_true(const value& x) {
  return x.visit(truth{});
}

const value* find(const mapping& where, std::string_view key) {
  auto found = std::ranges::find_if(
      where.items, [&](const auto& x) { return x.first.bytes() == key; });
  return found == where.items.end() ? nullptr : &found->second;
}

} // namespace nnactor::chat
