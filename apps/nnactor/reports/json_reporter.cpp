#include "reports/json_reporter.hpp"

#include "reports/run_tables.hpp"
#include "terminal/command_line.hpp"
#include "terminal/output.hpp"

#include "nnactor/run/planned_nodes.hpp"
#include "nnactor/run/validation_sample.hpp"
#include "nnactor/store/manifest.hpp"

namespace nnactor {

namespace {

using json = nlohmann::ordered_json;

json of(const dataset::reference& baseline) {
  if (baseline.name.empty())
    return nullptr;
  return {{"name", baseline.name}, {"loss", baseline.loss}};
}

json of(const std::optional<double>& value) {
  return value ? json(*value) : json(nullptr);
}

json of(const network& net) {
  auto layers = json::array();
  for (auto& x : net.layers)
    layers.push_back({{"name", x.name},
                      {"kind", to_string(x.kind)},
                      {"activation", to_string(x.act)},
                      {"units", x.units},
                      {"width", x.width},
                      {"parameters", x.parameters()}});
  return {{"neurons", net.neuron_count()},
          {"parameters", net.parameter_count()},
          {"layers", std::move(layers)}};
}

json of(const server& which, const cluster_view::member& node,
        const node_report& report) {
  return {{"node", which.number},
          {"address", node.address},
          {"host", node.info.host},
          {"process", node.info.process},
          {"cores", node.info.cores},
          {"memory", node.info.memory},
          {"device", node.info.device},
          {"devices", node.info.devices},
          {"groups", report.groups},
          {"neurons", report.neurons},
          {"parameters", report.parameters},
          {"table", report.table}};
}

} // namespace

json_reporter::json_reporter(sink out, clock now)
    : out_(std::move(out)), now_(std::move(now)) {
}

void json_reporter::start(const experiment& how, const dataset& data,
                          const network& net,
                          const dataset::reference& baseline) {
  goal_ = how.run.steps;
  load_ = step_load::of(how.run.train, data.shape(), net);
  print({{"event", "start"},
         {"config", how.file},
         {"model", how.store.path},
         {"steps", how.run.steps},
         {"batch", how.run.train.batch},
         {"data",
          {{"path", how.data.path},
           {"summary", data.summary()},
           {"training", data.size(split::train)},
           {"validation", data.size(split::validation)},
           {"evaluated", validation_sample{data, how.run}.size()}}},
         {"network", of(net)},
         {"reference", of(baseline)}});
}

void json_reporter::hint(const std::string& text) {
  print({{"event", "hint"}, {"text", text}});
}

void json_reporter::placed(const deployed_network& network,
                           const std::string& control) {
  pace_.place(now_(), network.job->step);
  load_.peak = peak_flops(network.cluster, network.job->train.compute);
  auto nodes = json::array();
  for (size_t i = 0; i < network.cluster.members.size(); ++i)
    nodes.push_back(of(network.job->servers[i], network.cluster.members[i],
                       network.reports[i]));
  print({{"event", "placed"},
         {"epoch", network.job->epoch},
         {"control", control},
         {"driver", {{"groups", groups_on_driver(network)}}},
         {"nodes", std::move(nodes)}});
}

void json_reporter::event(const progress& what) {
  switch (what.what) {
  case progress::kind::loading:
    return print(
        {{"event", "loading"}, {"bytes", what.bytes}, {"of", what.of}});
  case progress::kind::step:
    return on_step(what);
  case progress::kind::validation:
    return print({{"event", "validation"},
                  {"step", what.step},
                  {"loss", what.loss},
                  {"accuracy", what.accuracy},
                  {"bytes", what.bytes}});
  case progress::kind::traffic:
    return;
  case progress::kind::committed:
    return print({{"event", "committed"},
                  {"generation", what.generation->generation},
                  {"step", what.generation->step},
                  {"loss", of(what.generation->validation_loss)},
                  {"bytes", what.bytes}});
  case progress::kind::notice:
    pace_.forget();
    return print(
        {{"event", "notice"}, {"step", what.step}, {"text", what.text}});
  case progress::kind::finished:
    return on_finished(what);
  case progress::kind::stopped:
    return print(
        {{"event", "stopped"},
         {"generation", what.saved},
         {"step", what.step},
         {"again", line_to_go_on(words_of_this_process(), what.saved != 0)},
         {"bytes", what.bytes}});
  case progress::kind::failed:
    return print({{"event", "failed"},
                  {"step", what.step},
                  {"code", to_string(code_of(what.error))},
                  {"error", explain(what.error)},
                  {"bytes", what.bytes}});
  }
}

void json_reporter::on_step(const progress& what) {
  pace_.add(now_(), what.step);
  json line{{"event", "step"}, {"step", what.step}, {"loss", what.loss}};
  auto speed = pace_.rate();
  line["steps_per_second"] = of(speed);
  line[load_.per_second()] = speed ? json(*speed * load_.count) : json(nullptr);
  line["model_flops_utilisation"] =
      of(speed ? load_.utilisation(*speed) : std::nullopt);
  line["seconds_left"] =
      speed ? json(pace_.left(goal_).count()) : json(nullptr);
  line["bytes"] = what.bytes;
  print(line);
}

void json_reporter::on_finished(const progress& what) {
  steps_ = what.step;
  bytes_ = what.bytes;
  why_early_ = what.text;
  seconds_ = pace_.time(now_()).count();
  rate_ = pace_.mean_rate(now_());
}

void json_reporter::begin_sample(const manifest& from,
                                 const std::string& prompt) {
  sample_ = {
      {"event", "sample"}, {"generation", from.generation}, {"prompt", prompt}};
  text_.clear();
}

void json_reporter::sample(const std::string& text) {
  text_ += text;
}

void json_reporter::finish(const experiment& how, const manifest& best,
                           size_t kept, const dataset::reference& baseline) {
  if (!sample_.is_null()) {
    sample_["text"] = text_;
    print(sample_);
  }
  print({{"event", "finished"},
         {"model", how.store.path},
         {"generation", best.generation},
         {"generations", kept},
         {"step", best.step},
         {"loss", of(best.validation_loss)},
         {"reference", of(baseline)},
         {"steps", steps_},
         {"reason", why_early_.empty() ? json(nullptr) : json(why_early_)},
         {"seconds", seconds_},
         {"steps_per_second", rate_},
         {load_.per_second(), rate_ * load_.count},
         {"model_flops_utilisation", of(load_.utilisation(rate_))},
         {"bytes", bytes_}});
}

void json_reporter::print(const json& what) {
  out_(json_text(what) + "\n");
}

std::unique_ptr<reporter> make_json_reporter() {
  return std::make_unique<json_reporter>([](const std::string& line) {
    write_output(line);
    flush_or_end();
  });
}

} // namespace nnactor
