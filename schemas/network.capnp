# A network and how it is split.
#
# These structs are embedded in all others: the manifest of a model, the
# deployment that a distributor sends to a node, the connection table that a
# node writes to its state folder. Numbers of enums are those of the C++ enums
# of the same name. All ids and counts are unsigned 64-bit.

@0xb7a3c2d9e4f10586;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("nnactor::schema");

# Neurons `begin <= id < end`.
struct Interval {
  begin @0 :UInt64;
  end   @1 :UInt64;
}

# The neurons `begin + order(rank)` of all ranks `firstRank <= rank < endRank`.
# `order` is the permutation of `end - begin` values under `key`, see
# libnnactor/nnactor/neuron/permutation.hpp.
struct ShuffledInterval {
  begin     @0 :UInt64;
  end       @1 :UInt64;
  key       @2 :UInt64;
  firstRank @3 :UInt64;
  endRank   @4 :UInt64;
}

# Sorted, disjoint, non-adjacent intervals, and shuffled ones outside of them by
# ascending `begin`, disjoint unless of the same range and key.
struct NeuronSet {
  intervals @0 :List(Interval);
  shuffled  @1 :List(ShuffledInterval);
}

# One layer; see `nnactor::layer` for the meaning of each field. A reader
# rejects a network whose undelayed connections are not in topological order,
# whose first layer is not the input or whose last is not a loss, or whose ids overlap.
struct Layer {
  name       @0 :Text;
  kind       @1 :UInt8;
  activation @2 :UInt8;
  units      @3 :UInt64;
  positions  @4 :UInt64;
  width      @5 :UInt64;
  tokens     @6 :UInt64;
  rowWidth   @7 :UInt64;
  bias       @8 :Bool;
  first      @9 :UInt64;
  inputs    @10 :List(UInt32);
  label     @11 :Text;  # Of a type of neurons, for people; may be empty.
  delays    @12 :List(UInt32);  # Time steps, by input; empty: none is delayed.

  # Of a sparse layer.
  degree      @13 :UInt32;
  pattern     @14 :UInt8;
  clusters    @15 :UInt32 = 1;
  inside      @16 :Float64 = 0.9;
  patternSeed @17 :UInt64 = 1;

  # Of the layers of a transformer.
  norm         @18 :UInt8;   # Of a stream.
  normEpsilon  @19 :Float64 = 1e-5;
  headSize     @20 :UInt64;  # Here to headNorm: of attention.
  queries      @21 :UInt64 = 1;
  causal       @22 :Bool = true;
  window       @23 :UInt64;
  rotaryBase   @24 :Float64;
  rotaryScale  @25 :Float64 = 1;
  headNorm     @26 :UInt8;
  gated        @27 :Bool;    # Of an mlp.
  byPosition   @28 :Bool;    # Of a table.
  dropout      @29 :Float64; # Of a stream.
  tied         @30 :Bool;    # Of a table: its rows are those of the vocabulary.
}

struct Network {
  layers    @0 :List(Layer);
  timeSteps @1 :UInt32 = 1;  # Of an example.
  context   @2 :UInt32 = 1;  # Rows of an example.
}

# The parts of a partition; together they hold every neuron exactly once.
struct Partition {
  parts @0 :List(NeuronSet);
}

struct TrainSettings {
  seed         @0 :UInt64;
  batch        @1 :UInt32;
  microBatches @2 :UInt32;
  window       @3 :UInt32;

  optimizer    @4 :UInt8;
  momentum     @5 :Float32;
  beta1        @6 :Float32;
  beta2        @7 :Float32;
  epsilon      @8 :Float32;
  weightDecay  @9 :Float32;
  clip        @10 :Float32;

  schedule    @11 :UInt8;
  rate        @12 :Float32;
  finalRate   @13 :Float32;
  warmup      @14 :UInt64;
  steps       @15 :UInt64;

  link        @16 :UInt8;  # Precision of what is sent.
  compute     @17 :UInt8;  # Precision of what dense layers multiply.
  learns      @18 :Bool = true;  # Else it only answers.
  recompute   @19 :Bool;   # What is between forward and backward.
  pages       @20 :UInt32; # Of a cache, where it writes texts.
}
