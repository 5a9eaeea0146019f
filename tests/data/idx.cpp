#include "data/files.hpp"

using namespace nnactor;

namespace {

/// The bytes of an IDX file.
std::string idx(std::initializer_list<unsigned char> dimensions,
                const std::string& values) {
  std::string out{"\0\0\x08", 3};
  out += static_cast<char>(dimensions.size());
  for (auto size : dimensions)
    out += std::string(3, '\0') + static_cast<char>(size);
  return out + values;
}

const std::string pixels{"\x00\x01\x02\x03\xfc\xfd\xfe\xff", 8};
const std::string digits{"\x02\x00\x05\x01", 4};

/// Four images of 1 x 2 pixels and their labels, half of them to validate.
struct fixture {
  temporary_folder folder;
  data_settings how;

  fixture() {
    how.kind = data_settings::format::idx;
    how.path = folder.path();
    how.images = "images";
    how.labels = "labels";
    how.validation = 0.5;
    folder.write("images", idx({4, 1, 2}, pixels));
    folder.write("labels", idx({4}, digits));
  }

  std::string images() const {
    return folder / "images";
  }

  std::string labels() const {
    return folder / "labels";
  }

  std::string why() const {
    return error_of(how);
  }
};

void check_first_and_last(const dataset& data) {
  CHECK(data.shape().input_width == 2);
  CHECK(data.shape().tokens == 0);
  CHECK(data.shape().output_width == 6);
  CHECK(data.size(split::train) == 2);
  CHECK(data.size(split::validation) == 2);
  auto train = data.gather(split::train, {1, 0});
  CHECK(train.inputs.type() == dtype::f32);
  CHECK(train.inputs.extent() == shape{2, 2});
  CHECK(train.inputs.values<float>()[0] == 2.0f / 255.0f);
  CHECK(train.inputs.values<float>()[2] == 0.0f);
  CHECK(train.targets.extent() == shape{2, 1});
  CHECK(train.targets.values<int32_t>()[0] == 0);
  CHECK(train.targets.values<int32_t>()[1] == 2);
  auto last = data.gather(split::validation, {1});
  CHECK(last.inputs.values<float>()[1] == 1.0f);
  CHECK(last.targets.values<int32_t>()[0] == 1);
}

} // namespace

TEST_CASE_FIXTURE(fixture, "images and labels come plain or compressed") {
  check_first_and_last(*opened(how));
  folder.write_gz("images", idx({4, 1, 2}, pixels));
  folder.write_gz("labels", idx({4}, digits));
  auto data = opened(how);
  check_first_and_last(*data);
  CHECK(data->summary()
        == "4 images of 2 values in 6 classes; 2 to train on and 2 to validate "
           "with");
  CHECK(data->characters() == nullptr);
  CHECK(data->baseline().name.empty());
}

namespace {

std::string no_idx(const char* start) {
  return fmt::format(": is not an IDX file of unsigned bytes: it begins with "
                     "0x{}, images begin with 0x00000803 and labels with "
                     "0x00000801",
                     start);
}

} // namespace

TEST_CASE_FIXTURE(fixture, "a pointer of Git LFS is told from a file") {
  folder.write("labels", "version https://git-lfs.github.com/spec/v1\n"
                         "oid sha256:0\nsize 12\n");
  CHECK(why()
        == labels()
               + ": is a pointer of Git LFS, not the file itself; fetch that "
                 "with `git lfs pull`");
}

TEST_CASE_FIXTURE(fixture, "a file that is missing or of another format") {
  folder.write("images", "P5 28 28 255 and so on");
  CHECK(why() == images() + no_idx("50352032"));
  // Floats, not bytes.
  folder.write("images", std::string{"\0\0\x0d\x01\0\0\0\x01\0\0\0\0", 12});
  CHECK(why() == images() + no_idx("00000d01"));
  folder.write("images", "");
  CHECK(why() == images() + ": is empty");
  boost::filesystem::remove(images());
  CHECK(why() == images() + ": cannot be read: No such file or directory");
  how.path = folder / "labels";
  CHECK(why()
        == labels()
               + ": is a file; data.format = \"idx\" takes the folder in which "
                 "images and labels are");
}

TEST_CASE_FIXTURE(fixture, "a file that was cut or has too much") {
  auto whole = idx({4, 1, 2}, pixels);
  folder.write("images", whole.substr(0, whole.size() - 3));
  CHECK(why() == images() + ": is truncated: 5 of the 8 values are there");
  folder.write("images", whole.substr(0, 10));
  CHECK(why() == images() + ": is truncated");
  folder.write("images", whole.substr(0, 3));
  CHECK(why() == images() + no_idx("000008"));
  folder.write("images", whole + "x");
  CHECK(why()
        == images() + ": goes on after the 8 values that its header tells of");
}

TEST_CASE_FIXTURE(fixture, "a compressed file that was cut or damaged") {
  auto path = folder.write_gz("images", idx({4, 1, 2}, pixels));
  std::ifstream in{path, std::ios::binary};
  std::string whole{std::istreambuf_iterator<char>{in}, {}};
  for (size_t size = whole.size() - 1; size > 2; --size) {
    CAPTURE(size);
    folder.write("images", whole.substr(0, size));
    CHECK(why().starts_with(images() + ": is "));
  }
  auto damaged = whole;
  damaged[whole.size() - 8] ^= 1; // The checksum of the content.
  folder.write("images", damaged);
  CHECK(why().starts_with(images() + ": is damaged: "));
}

TEST_CASE_FIXTURE(fixture, "a header that lies costs no memory") {
  std::string huge{"\0\0\x08\x03\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\x01",
                   16};
  folder.write("images", huge);
  CHECK(
      why()
      == images()
             + ": says that it has 3 dimensions of 4294967295 x 4294967295 x "
               "1 bytes, more than the 4 GiB that are read; images begin with "
               "0x00000803 and labels with 0x00000801, this file with "
               "0x00000803");
  folder.write("images", std::string{"\0\0\x08\x01\xff\xff\xff\xff"
                                     "abc",
                                     11});
  CHECK(why()
        == images() + ": is truncated: 3 of the 4294967295 values are there");
  folder.write("images", idx({4, 0, 2}, ""));
  CHECK(why() == images() + ": holds nothing, a dimension is 0");
}

TEST_CASE_FIXTURE(fixture, "images and labels that do not belong together") {
  folder.write("labels", idx({3}, "abc"));
  CHECK(why() == images() + ": 4 images but 3 labels in " + labels());
  std::swap(how.images, how.labels);
  CHECK(why()
        == labels()
               + ": holds single values, not images (is it the file of the "
                 "labels?)");
  how.images = "images";
  how.labels = "images";
  CHECK(why()
        == images()
               + ": has 3 dimensions, labels have one (is it the file of the "
                 "images?)");
}

TEST_CASE_FIXTURE(fixture, "a split without images is refused") {
  how.validation = 0.01;
  CHECK(why()
        == images()
               + ": data.validation = 0.01 leaves no image for validation");
}

TEST_CASE("the digits of MNIST are read") {
  std::string here = __FILE__;
  auto root = here.substr(0, here.rfind("/tests/"));
  data_settings how;
  how.kind = data_settings::format::idx;
  how.path = root + "/../shared/data/mnist";
  how.validation = 0.2;
  if (!boost::filesystem::exists(how.path)) {
    MESSAGE("skipped: no " << how.path);
    return;
  }
  auto data = opened(how);
  CHECK(data->shape().input_width == 784);
  CHECK(data->shape().output_width == 10);
  CHECK(data->size(split::train) == 8000);
  CHECK(data->size(split::validation) == 2000);
}
