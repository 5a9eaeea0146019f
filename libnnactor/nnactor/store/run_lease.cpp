#include "nnactor/store/run_lease.hpp"

#include "nnactor/store/model_folder.hpp"
#include "nnactor/store/names.hpp"

#include <condition_variable>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>

#include <unistd.h>

namespace nnactor {

namespace {

constexpr uint64_t longest_owner = 4096;

std::string first_line(const std::string& path) {
  std::ifstream in{path};
  std::string line;
  std::getline(in, line);
  return line;
}

/// A process as the system describes it, nothing where it has ended.
std::optional<uint64_t> beginning_of(uint64_t process) {
  auto line = first_line(fmt::format("/proc/{}/stat", process));
  // The name before it may contain anything.
  auto name_end = line.rfind(')');
  if (name_end == std::string::npos)
    return std::nullopt;
  std::istringstream rest{line.substr(name_end + 1)};
  char state = 0;
  rest >> state;
  // Nobody has asked yet how it ended.
  if (!rest || state == 'Z' || state == 'X')
    return std::nullopt;
  constexpr int fields_between = 18;
  uint64_t value = 0;
  std::string skipped;
  for (int i = 0; i < fields_between; ++i)
    rest >> skipped;
  rest >> value;
  return value;
}

/// One boot of a machine, and one of the sets of processes on it.
std::string name_of_machine() {
  char processes[64] = {};
  if (::readlink("/proc/self/ns/pid", processes, sizeof(processes) - 1) < 0)
    return {};
  return first_line("/proc/sys/kernel/random/boot_id") + " " + processes;
}

std::string encode(const run_owner& who) {
  return fmt::format("{}\n{}\n{}\n{}\n", who.host, who.process, who.machine,
                     who.began);
}

// Of a file that is being written there is a part: then time must tell.
run_owner read_owner(filesystem& fs, const std::string& path) {
  auto size = fs.size(path);
  std::string text(size ? std::min(*size, longest_owner) : 0, '\0');
  if (fs.read(path, 0, std::as_writable_bytes(std::span{text})))
    return {};
  std::istringstream in{text};
  run_owner out;
  std::string number;
  if (!std::getline(in, out.host) || !(in >> out.process)
      || !std::getline(in, number) || !std::getline(in, out.machine)
      || !(in >> out.began))
    return {};
  return out;
}

class beating_lease : public run_lease {
public:
  beating_lease(std::shared_ptr<filesystem> fs, std::string path)
      : fs_(std::move(fs)), path_(std::move(path)),
        thread_([this](std::stop_token end) { run(end); }) {
  }

  ~beating_lease() override {
    thread_.request_stop();
    thread_.join();
    fs_->remove(path_);
  }

private:
  // Whether a beat arrives is for others to see; a store that is gone is found
  // out by who commits to it.
  void run(const std::stop_token& end) {
    std::unique_lock lock{mutex_};
    while (!ended_.wait_for(lock, end, beat, [] { return false; })
           && !end.stop_requested())
      fs_->touch(path_);
  }

  std::shared_ptr<filesystem> fs_;
  std::string path_;
  std::mutex mutex_;
  std::condition_variable_any ended_;
  std::jthread thread_;
};

} // namespace

run_owner this_process() {
  char host[256] = {};
  ::gethostname(host, sizeof(host) - 1);
  auto process = static_cast<uint64_t>(::getpid());
  return {host, process, name_of_machine(), beginning_of(process).value_or(0)};
}

result<std::unique_ptr<run_lease>>
run_lease::hold(std::shared_ptr<filesystem> fs, const std::string& folder,
                uint64_t epoch) {
  auto path = in_folder(folder, run_file(epoch));
  auto file = fs->create(path);
  if (!file)
    return file.error();
  auto text = encode(this_process());
  auto err = (*file)->append(std::as_bytes(std::span{text}));
  if (!err)
    err = (*file)->finish();
  if (err) {
    fs->remove(path);
    return err;
  }
  if (auto names = list_model(*fs, folder))
    for (auto other : names->runs)
      if (other < epoch)
        fs->remove(in_folder(folder, run_file(other)));
  return std::unique_ptr<run_lease>{
      std::make_unique<beating_lease>(std::move(fs), std::move(path))};
}

void pause_for(std::chrono::milliseconds time) {
  std::this_thread::sleep_for(time);
}

std::optional<run_owner>
find_live_run(filesystem& fs, const std::string& folder, const pausing& pause) {
  auto names = list_model(fs, folder);
  if (!names || names->runs.empty())
    return std::nullopt;
  auto path = in_folder(folder, run_file(names->runs.back()));
  auto owner = read_owner(fs, path);
  auto here = name_of_machine();
  if (owner.process != 0 && !here.empty() && owner.machine == here) {
    if (beginning_of(owner.process) == owner.began)
      return owner;
    return std::nullopt;
  }
  auto first = fs.modified(path);
  constexpr auto look = run_lease::beat / 4;
  for (auto waited = look; waited <= run_lease::patience; waited += look) {
    pause(look);
    auto now = fs.modified(path);
    // It has ended and taken its file away.
    if (!now && !fs.exists(path))
      return std::nullopt;
    if (first && now && *now != *first)
      return owner;
    if (!first)
      first = now;
  }
  return std::nullopt;
}

} // namespace nnactor
