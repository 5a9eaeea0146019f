#include "commands/commands.hpp"
#include "terminal/options.hpp"
#include "terminal/output.hpp"
#include "terminal/table.hpp"

#include "nnactor/cluster/node_process.hpp"
#include "nnactor/store/failpoint.hpp"

#include <caf/config.hpp>
#include <oneapi/dnnl/dnnl.hpp>

#include <malloc.h>

namespace {

std::string version_text() {
  auto& dnnl = *dnnl_version();
  return fmt::format("nnactor {}\nCAF {}.{}.{}\noneDNN {}.{}.{}\nCUDA {}",
                     NNACTOR_VERSION, CAF_MAJOR_VERSION, CAF_MINOR_VERSION,
                     CAF_PATCH_VERSION, dnnl.major, dnnl.minor, dnnl.patch,
                     NNACTOR_CUDA);
}

// Tensors of a few hundred KiB come and go with every step; giving their pages
// back to the system each time halves the bandwidth of a link.
void keep_pages() {
  mallopt(M_MMAP_THRESHOLD, 64 << 20);
  mallopt(M_TRIM_THRESHOLD, 512 << 20);
}

// Arguments are text from outside, too.
std::string failure_text(const CLI::App* where, const CLI::Error& what) {
  return fmt::format("nnactor: {}; see {} --help\n",
                     nnactor::printable_line(what.what()), where->get_name());
}

int run(CLI::App& app, int argc, char** argv) {
  if (auto err = nnactor::check_failpoint())
    return nnactor::finish(err);
  int status = 0;
  nnactor::add_run_command(app, status);
  nnactor::add_node_command(app, status);
  nnactor::add_infer_command(app, status);
  nnactor::add_generate_command(app, status);
  nnactor::add_tokenize_command(app, status);
  nnactor::add_model_command(app, status);
  nnactor::add_plan_command(app, status);
  nnactor::add_shell_command(app, status);
  nnactor::add_status_command(app, status);
  nnactor::add_devices_command(app, status);
  nnactor::add_bench_command(app, status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& what) {
    return app.exit(what) == 0 ? 0 : 2;
  } catch (const std::bad_alloc&) {
    nnactor::warn("there is not enough memory");
    return 1;
  } catch (const std::exception& what) {
    nnactor::warn(fmt::format("an error that nobody expected, please report "
                              "it with the command: {}",
                              what.what()));
    return 1;
  }
  if (app.get_subcommands().empty()) {
    nnactor::say("{}", app.help());
    return 2;
  }
  return status;
}

} // namespace

int main(int argc, char** argv) {
  nnactor::begin_output();
  nnactor::fit_tables(nnactor::output_columns());
  keep_pages();
  CLI::App app{"One neural network on many machines, neuron by neuron.",
               "nnactor"};
  app.set_version_flag("--version", version_text());
  app.formatter(std::make_shared<nnactor::help_format>());
  app.failure_message(failure_text);
  return nnactor::end_output(run(app, argc, argv));
}
