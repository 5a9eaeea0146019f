#include "bench/bench.hpp"
#include "bench/noise_job.hpp"
#include "bench/stopwatch.hpp"
#include "bench/temporary_folder.hpp"
#include "bench/timed_run.hpp"

#include "nnactor/neuron/random.hpp"
#include "nnactor/store/model_store.hpp"

#include <atomic>
#include <future>

#include <fcntl.h>
#include <unistd.h>

namespace nnactor {

namespace {

constexpr uint64_t steps = 120;
constexpr uint64_t commit_period = 50;
constexpr size_t block = 1 << 20;

/// Parameters and Adam's state of every layer, as nodes would hand them over.
std::vector<parameter_set> parameters_of(const network& net) {
  std::vector<parameter_set> out;
  counter_random random{1, 0};
  for (layer_id id = 0; id < net.layers.size(); ++id) {
    auto& x = net.layers[id];
    if (x.units == 0)
      continue;
    auto& set = out.emplace_back(parameter_set{id, x.neurons(), {}});
    for (auto* prefix : {"", "adam.m.", "adam.v."})
      for (auto& row : x.parameter_rows()) {
        tensor_builder<float> values{{x.units, row.columns}};
        for (size_t i = 0; i < values.values().size(); ++i)
          values.values()[i] = random.uniform(i);
        set.parameters.push_back(
            {prefix + row.name, std::move(values).share()});
      }
  }
  return out;
}

/// Forgets what the system keeps of a file in memory.
void drop_from_memory(const std::string& path) {
  auto file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return;
  posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
  close(file);
}

/// Seconds to write so many bytes and sync them, as dd conv=fsync does.
result<double> time_plain_write(const std::string& path, uint64_t bytes) {
  std::vector<char> data(block, 'x');
  auto start = stopwatch::now();
  auto file = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  auto failed = file < 0;
  for (uint64_t done = 0; done < bytes && !failed; done += block)
    failed = write(file, data.data(), block) != static_cast<ssize_t>(block);
  failed = failed || fsync(file) != 0;
  if (file >= 0)
    close(file);
  if (failed)
    return fail(ec::store_unwritable, "{}: cannot be written", path);
  return seconds_since(start);
}

double time_plain_read(const std::string& path) {
  drop_from_memory(path);
  std::vector<char> data(block);
  auto start = stopwatch::now();
  auto file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  while (file >= 0 && read(file, data.data(), block) > 0) {
  }
  if (file >= 0)
    close(file);
  return seconds_since(start);
}

struct disk_times {
  double bytes = 0;
  double bytes_read = 0; ///< By both who load.
  double commit_s = 0;
  double plain_write_s = 0;
  double load_s = 0;
  double plain_read_s = 0;
};

/// Reads half of every layer at a time in two threads, as two nodes do, and
/// returns the bytes that were read.
result<uint64_t> load_by_two(const std::string& folder, const manifest& what) {
  std::atomic<uint64_t> bytes = 0;
  auto load = [&](uint64_t half) -> caf::error {
    model_store store{make_posix_filesystem(), folder};
    for (layer_id id = 0; id < what.net.layers.size(); ++id) {
      auto [begin, end] = what.net.layers[id].neurons().bounds();
      auto middle = (begin + end) / 2;
      auto mine = half == 0 ? neuron_set::range(begin, middle)
                            : neuron_set::range(middle, end);
      if (what.net.layers[id].units == 0)
        continue;
      auto read = store.read(what, id, mine, [&](uint64_t x) { bytes += x; });
      if (!read)
        return read.error();
    }
    return caf::none;
  };
  auto second = std::async([&] { return load(1); });
  auto failed = load(0);
  if (auto err = second.get())
    failed = err;
  if (failed)
    return failed;
  return bytes.load();
}

/// A commit and a cold load of all parameters, beside plain files of the same
/// size.
result<disk_times> time_disk(const prepared_job& job,
                             const std::string& folder) {
  auto groups = parameters_of(job.net);
  model_store store{make_posix_filesystem(), folder + "/model"};
  auto epoch = store.claim_epoch();
  if (!epoch)
    return epoch.error();
  auto start = stopwatch::now();
  auto slices = store.write_slices(1, *epoch, "bench", groups);
  if (!slices)
    return slices.error();
  manifest next;
  next.epoch = next.run = *epoch;
  next.net = job.net;
  next.parts = {{neuron_set::range(0, job.net.neuron_count())}};
  next.slices = std::move(*slices);
  auto committed = store.commit(std::move(next));
  if (!committed)
    return committed.error();
  disk_times out;
  out.commit_s = seconds_since(start);
  for (auto& x : committed->slices)
    out.bytes += static_cast<double>(x.length);
  auto plain = folder + "/plain";
  auto written = time_plain_write(plain, static_cast<uint64_t>(out.bytes));
  if (!written)
    return written.error();
  out.plain_write_s = *written;
  drop_from_memory(folder + "/model/" + committed->slices.front().file);
  start = stopwatch::now();
  auto read = load_by_two(store.folder(), *committed);
  if (!read)
    return read.error();
  out.load_s = seconds_since(start);
  out.bytes_read = static_cast<double>(*read);
  out.plain_read_s = time_plain_read(plain);
  return out;
}

result<double> steps_per_s(prepared_job job, uint64_t every) {
  job.how.store.every = every;
  auto timed = time_nodes(std::move(job), 2);
  if (!timed)
    return timed.error();
  return timed->steps_per_s;
}

} // namespace

result<figures> run(const store_bench& how) {
  auto job = make_noise_job(how.width, steps);
  if (!job)
    return job.error();
  temporary_folder folder;
  auto disk = time_disk(*job, folder.file("store"));
  if (!disk)
    return disk.error();
  auto without = steps_per_s(*job, steps);
  if (!without)
    return without.error();
  auto with = steps_per_s(*job, commit_period);
  if (!with)
    return with.error();
  auto gb = disk->bytes / 1e9;
  return figures{
      {"parameters", static_cast<double>(job->net.parameter_count()), 0,
       "of the network, twice as many values of Adam beside them"},
      {"commit_gb_s", gb / disk->commit_s, 2,
       "GB/s, sums and digests included"},
      {"disk_write_gb_s", gb / disk->plain_write_s, 2,
       "GB/s, a plain file of the same size with fsync"},
      {"write_over_disk", disk->plain_write_s / disk->commit_s, 2, "of that"},
      {"load_gb_s", gb / disk->load_s, 2, "GB/s cold, sums checked"},
      {"read_over_model", disk->bytes_read / disk->bytes, 3,
       "bytes read by two nodes, of those that there are"},
      {"disk_read_gb_s", gb / disk->plain_read_s, 2, "GB/s, the plain file"},
      {"load_over_disk", disk->plain_read_s / disk->load_s, 2, "of that"},
      {"steps_per_s", *without, 2, "steps/s on two nodes without commits"},
      {"saving_steps_per_s", *with, 2,
       fmt::format("steps/s with a commit every {} steps", commit_period)},
      {"growth", *without / *with - 1, 3, "of the time of a step"},
  };
}

} // namespace nnactor
