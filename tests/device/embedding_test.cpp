#include "device/kernels.hpp"

using namespace nnactor;

TEST_CASE("an embedding lays out values neuron by neuron") {
  for (auto& dev : all_devices()) {
    CAPTURE(dev->name());
    std::vector<int32_t> tokens = {2, 0, 1, /* next row */ 1, 1, 2};
    values table{2, 3};
    table.data = {10, 11, 12, 20, 21, 22};
    values y{2, 6};
    dev->embed({tokens.data(), 2, 3}, table.in(), y.out());
    CHECK(y.data
          == std::vector<float>{12, 10, 11, 22, 20, 21, // first row
                                11, 11, 12, 21, 21, 22});
  }
}

TEST_CASE("the gradient of an embedding counts every use of a token") {
  for (auto& dev : all_devices()) {
    CAPTURE(dev->name());
    std::vector<int32_t> tokens = {2, 0, 1, 1, 1, 2};
    values dy{2, 6};
    dy.data = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    values dtable{2, 3, 100};
    dev->embed_gradient({tokens.data(), 2, 3}, dy.in(), dtable.out());
    CHECK(dtable.data == std::vector<float>{102, 118, 110, 105, 127, 116});
  }
}
