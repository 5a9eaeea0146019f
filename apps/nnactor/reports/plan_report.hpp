#pragma once

#include "nnactor/network/network.hpp"
#include "nnactor/run/plan_choices.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace nnactor {

/// What the config's own split takes beside the fastest plan, in plain words;
/// empty where it has none.
std::string compare_split(const plan_choices& what);

/// The reason for the fastest plan in a line: what it saves over the next best,
/// and by how much. Empty if there is no other.
std::string why_fastest(const plan_choices& what);

/// Tables for people: the strategies with where their time goes, and the stages
/// of the fastest with what its devices hold.
/// @param title Names what the plans are for.
std::string render(const plan_choices& what, const network& net,
                   const std::string& title);

nlohmann::json to_json(const plan_choices& what, const network& net);

} // namespace nnactor
