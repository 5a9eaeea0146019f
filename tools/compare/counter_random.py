"""Random numbers and orders of nnactor, see libnnactor/nnactor/neuron."""

import numpy

LOWER = numpy.uint64(0xFFFFFFFF)


def uint64(values):
    return numpy.asarray(values, dtype=numpy.uint64)


def mix(x):
    """As `mix` of random.hpp; what overflows is cut off, as in C++."""
    with numpy.errstate(over="ignore"):
        x = uint64(x) + uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> uint64(30))) * uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> uint64(27))) * uint64(0x94D049BB133111EB)
        return x ^ (x >> uint64(31))


class CounterRandom:
    """Streams of one seed; a number depends on its stream and index alone."""

    def __init__(self, seed, stream):
        self.key = mix(mix(seed) ^ uint64(stream))

    def bits(self, index):
        return mix(self.key ^ mix(index))

    def uniform(self, index):
        """At least 0 and below 1, in float32."""
        upper = (self.bits(index) >> uint64(40)).astype(numpy.float32)
        return upper * numpy.float32(2.0 ** -24)


class Permutation:
    """All numbers below a size in the order of a key, see permutation.cpp."""

    MULTIPLIER = uint64(0x9E3779B1)

    def __init__(self, size, key):
        self.size = size
        base = int(size ** 0.5)
        while base * base < size:
            base += 1
        while (base - 1) * (base - 1) >= size:
            base -= 1
        self.base = uint64(base)
        self.keys = CounterRandom(key, 0).bits(numpy.arange(4)) & LOWER

    def _walk(self, x):
        high, low = x // self.base, x % self.base
        for key in self.keys:
            mixed = ((low ^ key) * self.MULTIPLIER) & LOWER
            scrambled = (mixed * self.base) >> uint64(32)
            high, low = low, (high + scrambled) % self.base
        return high * self.base + low

    def __call__(self, x):
        x = self._walk(uint64(x))
        while (outside := x >= self.size).any():
            x = numpy.where(outside, self._walk(x), x)
        return x
