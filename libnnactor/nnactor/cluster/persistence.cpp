#include "nnactor/cluster/persistence.hpp"

#include "nnactor/engine/group_program.hpp"
#include "nnactor/group/core.hpp"
#include "nnactor/store/names.hpp"
#include "nnactor/store/slice_check.hpp"

#include <cmath>

namespace nnactor {

namespace {

// Bytes between two messages on how loading goes: a fraction of a second.
constexpr uint64_t loading_interval = 64 << 20;

caf::error check_finite(const deployment& job, const parameter_set& what) {
  for (auto& p : what.parameters)
    for (auto x : p.values.values<float>())
      if (!std::isfinite(x))
        return fail(ec::diverged,
                    "{} of layer '{}', neurons {}, is no longer finite; the "
                    "generation is not written",
                    p.name, job.net.layers[what.layer].name,
                    to_string(what.neurons));
  return caf::none;
}

caf::error check_token(model_store& store, const deployment& job) {
  auto err = store.check_token(job.store_epoch, job.token);
  if (code_of(err) != ec::store_missing)
    return err;
  return fail(ec::store_missing,
              "{}; start the node with --store on the shared folder that holds "
              "the model",
              explain(err));
}

std::vector<char> to_chars(const std::vector<std::byte>& xs) {
  auto* first = reinterpret_cast<const char*>(xs.data());
  return {first, first + xs.size()};
}

} // namespace

void persistence_state::select(const std::string& model) {
  auto folder = root + "/" + model;
  // What it holds of the same model stays: it knows the epochs it claimed.
  if (!store || store->folder() != folder)
    store.emplace(fs, folder);
}

result<programs_ptr> persistence_state::prepare(
    deployment_ptr what, const carried_groups& carried,
    const std::function<void(uint64_t, uint64_t)>& watch) {
  job = std::move(what);
  saves.clear();
  select(job->model);
  if (job->store_epoch != 0)
    if (auto err = check_token(*store, *job))
      return err;
  loading saved{{}, 0, 0, watch};
  auto programs = std::make_shared<std::vector<program_ptr>>();
  for (auto& g : job->graph.groups) {
    if (g.kind != group_kind::neurons
        || job->where.seats[g.id].node != job->self)
      continue;
    auto program = make_program(g, carried, saved);
    if (!program)
      return program.error();
    programs->push_back(std::move(*program));
  }
  return programs_ptr{std::move(programs)};
}

// Opens the generation and finds out how much of it belongs to this node.
caf::error persistence_state::begin_loading(loading& into) {
  auto opened = store->open(job->generation);
  if (!opened)
    return opened.error();
  into.from = std::move(*opened);
  if (!job->train.learns)
    std::erase_if(into.from->slices,
                  [](const slice& x) { return is_state(x.parameter); });
  for (auto& g : job->graph.groups)
    if (g.kind == group_kind::neurons
        && job->where.seats[g.id].node == job->self)
      for (auto& x : into.from->slices)
        if (x.layer == g.layer)
          into.of += intersect(x.neurons, g.neurons).size() * x.columns
                     * sizeof(float);
  return caf::none;
}

// Parameters come from memory, from the store, or are drawn from the seed.
result<program_ptr>
persistence_state::make_program(const group& what,
                                const carried_groups& carried, loading& saved) {
  if (what.borrows())
    return std::make_shared<group_program>(job->net, job->graph, what.id,
                                           job->train, initial::zero);
  auto* kept = carried.find(what);
  if (kept != nullptr && carried.same_partition)
    return kept->program;
  auto fresh = kept == nullptr && job->generation == 0;
  auto program =
      std::make_shared<group_program>(job->net, job->graph, what.id, job->train,
                                      fresh ? initial::drawn : initial::zero);
  if (kept != nullptr) {
    if (auto err = program->load(kept->program->save()))
      return err;
    return program;
  }
  if (fresh)
    return program;
  if (!saved.from)
    if (auto err = begin_loading(saved))
      return err;
  auto values = store->read(*saved.from, what.layer, what.neurons,
                            [&saved](uint64_t bytes) {
                              saved.bytes += bytes;
                              saved.watch(saved.bytes, saved.of);
                            });
  if (!values)
    return values.error();
  if (auto err = program->load(*values))
    return err;
  return program;
}

void persistence_state::write_if_complete(persistence_actor::pointer self,
                                          uint64_t generation) {
  auto i = saves.find(generation);
  if (i == saves.end() || !job || !i->second.driver
      || i->second.parameters.size() != i->second.groups)
    return;
  auto save = std::move(i->second);
  saves.erase(i);
  for (auto& p : save.parameters)
    if (auto err = check_finite(*job, p)) {
      self->send(save.driver, failed_atom::value, job->epoch, err);
      return;
    }
  // Groups finish in any order; the file must not show it.
  std::sort(save.parameters.begin(), save.parameters.end(),
            [](const parameter_set& x, const parameter_set& y) {
              return x.neurons.id_at(0) < y.neurons.id_at(0);
            });
  auto node = fmt::format("node-{}", job->servers[job->self].number);
  std::vector<slice> slices;
  if (save.groups > 0) {
    auto written = write_slices(generation, node, save.parameters);
    if (!written) {
      self->send(save.driver, unsaved_atom::value, job->epoch, generation,
                 job->self, written.error());
      return;
    }
    slices = std::move(*written);
  }
  self->send(save.driver, written_atom::value, job->epoch, generation,
             job->self, to_chars(encode(slices)));
}

// The folder may have become another one since the job was set up.
result<std::vector<slice>>
persistence_state::write_slices(uint64_t generation, const std::string& node,
                                const std::vector<parameter_set>& groups) {
  if (job->store_epoch != 0)
    if (auto err = store->check_token(job->store_epoch, job->token))
      return removed_meanwhile(err);
  return store->write_slices(generation, job->epoch, node, groups);
}

result<std::string> persistence_state::look(const std::string& model,
                                            const std::string& file) {
  auto path = in_folder(in_folder(root, model), file);
  if (is_safe_relative(model) && is_probe_file(file) && fs->exists(path))
    return root;
  return fail(ec::store_missing,
              "its --store {} does not hold the folder '{}' of this run", root,
              model);
}

persistence_actor::behavior_type
run_persistence(persistence_actor::stateful_pointer<persistence_state> self,
                std::shared_ptr<filesystem> fs, std::string root,
                std::string model) {
  auto& st = self->state;
  st.fs = std::move(fs);
  st.root = std::move(root);
  if (!model.empty())
    st.select(model);
  return {
      [self, &st](deploy_atom, const deployment_ptr& what,
                  const carried_ptr& carried,
                  const driver_actor& driver) -> result<programs_ptr> {
        uint64_t told = 0;
        return st.prepare(what, *carried, [&](uint64_t bytes, uint64_t of) {
          if (!driver || bytes - told < loading_interval)
            return;
          told = bytes;
          self->send(driver, loading_atom::value, what->epoch, what->self,
                     bytes, of);
        });
      },
      [self, &st](save_atom, uint64_t generation, uint32_t groups,
                  const driver_actor& driver) {
        auto& save = st.saves[generation];
        save.groups = groups;
        save.driver = driver;
        st.write_if_complete(self, generation);
      },
      [self, &st](save_atom, uint64_t epoch, uint64_t generation,
                  const parameters_ptr& what) {
        // A group may still send when its job has ended and the next has begun.
        if (!st.job || st.job->epoch != epoch)
          return;
        st.saves[generation].parameters.push_back(*what);
        st.write_if_complete(self, generation);
      },
      [&st](look_atom, const std::string& model, const std::string& file) {
        return st.look(model, file);
      },
      [&st](look_atom) { return st.store->check_claim(); },
      [&st](claim_atom) -> caf::result<uint64_t, std::string, uint64_t> {
        auto epoch = st.store->claim_epoch();
        if (!epoch)
          return epoch.error();
        auto token = st.store->epoch_token(*epoch);
        if (!token)
          return token.error();
        auto generations = st.store->generations();
        if (!generations)
          return generations.error();
        return {*epoch, *token, generations->empty() ? 0 : generations->back()};
      },
      [&st](commit_atom, const manifest_ptr& what,
            uint32_t keep) -> result<manifest_ptr> {
        auto committed = st.store->commit(*what);
        if (!committed)
          return committed.error();
        // The generation stands whether or not older ones could be removed; the
        // next commit tries that again.
        static_cast<void>(st.store->collect_garbage(keep, committed->epoch));
        return std::make_shared<const manifest>(std::move(*committed));
      },
  };
}

persistence_actor spawn_persistence(caf::actor_system& system,
                                    std::shared_ptr<filesystem> fs,
                                    std::string root, std::string model) {
  auto where = std::make_shared<core>(system, std::nullopt, core_use::storage);
  return spawn_on<persistence_state, persistence_actor>(
      system, where, run_persistence, std::move(fs), std::move(root),
      std::move(model));
}

} // namespace nnactor
