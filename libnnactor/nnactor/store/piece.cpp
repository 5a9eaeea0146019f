#include "nnactor/store/piece.hpp"

#include "nnactor/store/checksum.hpp"
#include "nnactor/store/names.hpp"

#include <algorithm>

namespace nnactor {

uint64_t piece_length(const slice& what, uint64_t index) {
  return std::min(piece_size, what.length - index * piece_size);
}

caf::error read_piece(filesystem& fs, const std::string& folder,
                      const slice& what, uint64_t index,
                      std::vector<std::byte>& into) {
  auto path = in_folder(folder, what.file);
  auto begin = what.offset + index * piece_size;
  into.resize(piece_length(what, index));
  if (auto err = fs.read(path, begin, into))
    return err;
  if (crc32c(into) != what.checksums[index])
    return fail(ec::store_corrupt,
                "{}: bytes {} to {} do not match their CRC-32C", path, begin,
                begin + into.size() - 1);
  return caf::none;
}

} // namespace nnactor
