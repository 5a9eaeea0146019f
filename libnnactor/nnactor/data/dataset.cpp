#include "nnactor/data/dataset.hpp"

#include "nnactor/data/corpus.hpp"
#include "nnactor/data/idx_dataset.hpp"
#include "nnactor/data/noise_dataset.hpp"
#include "nnactor/data/text_dataset.hpp"

namespace nnactor {

namespace {

result<std::shared_ptr<const dataset>> open_text(const data_settings& how,
                                                 const vocabulary* known) {
  auto texts = read_corpus(how, known);
  if (!texts)
    return texts.error();
  return text_dataset::make(std::move(*texts), how);
}

} // namespace

result<std::shared_ptr<const dataset>> open_dataset(const data_settings& how,
                                                    const vocabulary* known) {
  using enum data_settings::format;
  auto out = how.kind == text  ? open_text(how, known)
             : how.kind == idx ? idx_dataset::open(how)
                               : noise_dataset::make(how);
  if (!out)
    return within(to_string(how.kind == noise ? how.where : how.path_where),
                  out.error());
  return out;
}

} // namespace nnactor
