// Fixtures of tests check what they do with doctest, which has to be told where
// there is no test around.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdlib>

namespace {

struct context {
  doctest::Context doctest;

  context() {
    doctest.setAsDefaultForAssertsOutOfTestCases();
    doctest.setAssertHandler([](const doctest::AssertData& x) {
      if (x.m_failed)
        std::abort();
    });
  }
};

const context here;

} // namespace
