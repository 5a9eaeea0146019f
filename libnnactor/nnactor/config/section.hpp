#pragma once

#include "nnactor/error.hpp"
#include "nnactor/origin.hpp"

#include <toml++/toml.h>

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nnactor {

/// What the readers of all sections of one config share.
struct config_reading {
  std::string file;              ///< Stands before every position.
  bool listing = false;          ///< Only the keys are of interest.
  std::vector<std::string> keys; ///< Every key that was asked for.
  caf::error error;              ///< The first thing that was wrong.

  /// Keeps `what` as the error unless there is one already.
  void report(const origin& where, const std::string& what);
};

/// Allowed integers, both ends included.
struct integer_range {
  int64_t least = 0;
  int64_t most = INT64_MAX;
};

/// Allowed real numbers; an end may itself be excluded.
struct real_range {
  double least = 0;
  double most = 1;
  bool with_least = true;
  bool with_most = true;
};

/// The names of the values of an enum.
template <class E>
using choices = std::vector<std::pair<std::string, E>>;

/// Takes the names of values from the enum's `to_string`, so that a config
/// spells them as everything else does.
template <class E>
choices<E> choices_of(std::initializer_list<E> values) {
  choices<E> out;
  for (auto value : values)
    out.emplace_back(to_string(value), value);
  return out;
}

/// Reads the keys of one TOML table. Each `read` leaves its target alone if
/// the key is not there, reports what is wrong with it otherwise, and records
/// the key as one that the section knows; `finish` reports all others. So one
/// line a key is all there is to a new one.
class section {
public:
  /// @param from the table, null if the config does not have it
  /// @param path its name, "" for the config as a whole
  section(config_reading& all, const toml::node* from, std::string path);

  /// Where the section was written.
  origin where() const;

  /// Where the value of a key was written, or the section if it is not there.
  origin where(const std::string& key) const;

  /// The full name of a key, for example "train.steps".
  std::string name_of(const std::string& key) const;

  bool has(const std::string& key) const;

  /// Whether anything was wrong up to here, in whatever section.
  bool failed() const {
    return static_cast<bool>(all_.error);
  }

  /// Reports what is wrong with a key: "'train.steps' WHAT".
  void reject(const std::string& key, const std::string& what) const;

  /// Reports an error of the section as a whole.
  void reject(const std::string& what) const;

  void read(const std::string& key, bool& into);

  /// Takes any string but the empty one.
  void read(const std::string& key, std::string& into);

  /// Takes a list of strings, none of them empty, at least one of them.
  void read(const std::string& key, std::vector<std::string>& into);

  template <std::unsigned_integral T>
  void read(const std::string& key, T& into, integer_range allowed) {
    if (auto value = integer(key, allowed))
      into = static_cast<T>(*value);
  }

  /// Takes integers too. The range is checked after rounding to `T`.
  template <std::floating_point T>
  void read(const std::string& key, T& into, real_range allowed) {
    if (auto value = real(key, allowed, std::same_as<T, float>))
      into = static_cast<T>(*value);
  }

  template <class E>
  void read(const std::string& key, E& into, const choices<E>& allowed) {
    std::vector<std::string> names;
    for (const auto& choice : allowed)
      names.push_back(choice.first);
    if (auto index = choice(key, names))
      into = allowed[*index].second;
  }

  /// Returns the section of that name inside this one.
  section inside(const std::string& key);

  /// Calls `use` with a section for every table of a list of tables; once
  /// with an empty one when only the keys are of interest.
  template <class Use>
  void each(const std::string& key, Use use) {
    for (const auto* table : tables(key))
      use(section{all_, table, name_of(key)});
  }

  /// Records a key and returns what is written there, null if nothing is.
  const toml::node* take(const std::string& key);

  /// Reports the first key that no `read` asked for.
  void finish() const;

  /// Where `node` was written.
  origin where(const toml::node& node) const;

  /// Reports that `node`, the value of `key`, is not an `expected`.
  void reject_type(const std::string& key, const char* expected,
                   const toml::node& node) const;

  /// Reports an error at the place of `node`.
  void reject_at(const toml::node& node, const std::string& what) const;

private:
  std::optional<int64_t> integer(const std::string& key, integer_range allowed);

  std::optional<double> real(const std::string& key, real_range allowed,
                             bool as_float);

  std::optional<size_t> choice(const std::string& key,
                               const std::vector<std::string>& names);

  std::vector<const toml::node*> tables(const std::string& key);

  const toml::node* find(const std::string& key) const;

  config_reading& all_;
  const toml::table* table_ = nullptr;
  std::string path_;
  std::vector<std::string> known_;
};

} // namespace nnactor
