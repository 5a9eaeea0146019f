#include "model/view.hpp"
#include "terminal/format.hpp"
#include "terminal/interruption.hpp"
#include "terminal/output.hpp"
#include "terminal/output_file.hpp"

#include "nnactor/store/safetensors.hpp"

namespace nnactor {

result<int> export_model(const model_options& how, const std::string& file,
                         bool overwrite) {
  interruption signals{"nothing was exported"};
  auto target = whole_file::begin(file, overwrite);
  if (!target)
    return target.error();
  model_view view{how.path};
  auto from = view.load(how.generation);
  if (!from)
    return from.error();
  if (auto err =
          export_safetensors(view.store, from->what, *view.fs, target->part()))
    return err;
  if (auto err = target->finish())
    return err;
  auto size = view.fs->size(file);
  say("{}: generation {} of step {} of {}, {}\n", file, from->what.generation,
      format_count(from->what.step), how.path, format_bytes(size ? *size : 0));
  return 0;
}

result<int> import_model(const model_options& how, const std::string& file) {
  model_view view{how.path};
  auto made = import_safetensors(*view.fs, file, view.store);
  if (!made)
    return made.error();
  say("{}: generation {} of step {}, {}, {}\n", how.path, made->generation,
      format_count(made->step), counted(made->net.neuron_count(), "neuron"),
      counted(made->net.parameter_count(), "parameter"));
  return 0;
}

} // namespace nnactor
