# The one model on shared storage: its folder, its files, how a generation of
# it is committed, and the manifest that says what the files hold.
#
# The folder
# ----------
#   epoch.<N>                           claim of epoch N (from 1)
#   manifest.<G>                        commit of generation G (from 1)
#   <G>/<epoch>.<node>.<nonce>          slice files of generation G
#   temporary.<epoch>.<G>.<nonce>       a manifest before its commit
#   run.<N>                             the run whose first epoch is N lives
#   probe.<nonce>                       a driver asks who sees this folder
# <G> has at least six digits, padded with zeros; other numbers are not padded.
# <nonce> is 16 random hexadecimal digits. Whatever else lies in the folder is
# not the store's and is never touched.
#
# A file is created with O_EXCL, written once, synced and closed, both checked,
# and never opened for writing again. After any error it is removed and written
# anew under another nonce: a second fsync after a failed one proves nothing.
#
# Epochs
# ------
# A coordinator claims an epoch by creating epoch.<N>, N one more than the
# highest there is; who finds it taken tries the next. The file holds 32 random
# hexadecimal digits, the token of the epoch: a node that reads the same token
# as the coordinator sees the same folder. A coordinator that finds a newer
# epoch than its own has been replaced and commits nothing.
#
# A run that has claimed its first epoch creates run.<N>: four lines with the name
# of its host, the number of its process, what names the boot and the set of
# processes there, and when the process began, in ticks of that boot. It sets the
# time of the file to now once a second and removes it at its end. It removes
# those of earlier runs when it begins.
#
# A generation
# ------------
# 1. Every owner writes the parameters of its groups into one new file in the
#    folder <G>: raw little-endian float32, row by row, each slice at a multiple
#    of 64 bytes with zeros between. It syncs the file, then the folder, and
#    reports the slices (struct Slices) to the coordinator.
# 2. The coordinator checks that the slices hold every neuron exactly once and
#    that every file lies in <G> and ends where its last slice ends. It writes
#    the manifest under its temporary name, syncs it, and reads it back.
# 3. The commit is link(temporary, manifest.<G>), which exactly one coordinator
#    can win. After an error that leaves the outcome open (a reply lost on the
#    way) the number of links of the temporary file tells. Then it syncs the
#    folder and removes the temporary name.
# A reader looks for the highest manifest.<G> whose own digest verifies, whose
# slices cover the network, and whose files have their lengths, and falls back
# to the one before. Nobody waits for the name of a future file to appear, for
# NFS remembers for a while that it was not there: the coordinator tells.
#
# Garbage
# -------
# The newest generations and the one with the lowest validation loss are kept.
# The manifest goes first, then its files. Files that no manifest names go when
# their epoch is over, or when their generation was committed without them. A
# coordinator that was replaced can thus only leave files that nothing names.
#
# Integrity
# ---------
# A manifest is framed: 8 bytes "NNACTORM", u32 version 1, u32 zero, u64 length,
# a flat (unpacked, single piece) Cap'n Proto message of that length with a root
# of type Manifest, SHA-256 of all bytes before; integers are little-endian.
# Cap'n Proto has no integrity of its own, so the digest is checked first. The
# digest by which a child names its parent is the SHA-256 of the whole file, as
# the tool sha256sum gives it. A slice carries CRC-32C (Castagnoli) of every MiB
# of it, counted from its own begin, so that rows can be read and checked alone,
# and SHA-256 of the whole.

@0xd1f6a08c4b7e2953;

using Cxx = import "/capnp/c++.capnp";
using Network = import "network.capnp";
$Cxx.namespace("nnactor::schema");

# One parameter of neurons of one layer. A reader rejects a layer that the
# network has not, neurons outside of the layer, columns or a length that do not
# fit them, an offset that is not aligned, slices of one file that overlap, and
# a file outside of the folder of the model.
struct Slice {
  layer     @0 :UInt32;
  parameter @1 :Text;         # weight, bias, or state: "<state>.weight" or
                              # "<state>.bias", for example "adam.m.weight".
  neurons   @2 :UInt32;       # Index into Slices.sets; rows are in the order of
                              # ids.
  columns   @3 :UInt64;       # float32 values a row.
  file      @4 :Text;         # Relative to the folder of the model.
  offset    @5 :UInt64;       # Bytes, a multiple of 64.
  length    @6 :UInt64;       # Bytes, neurons * columns * 4.
  checksums @7 :List(UInt32); # CRC-32C of each MiB.
  sum       @8 :Data;         # SHA-256, 32 bytes.
}

# Slices, and each distinct set of neurons of them once: all parameters and
# optimizer state of a group share one.
struct Slices {
  sets   @0 :List(Network.NeuronSet);
  slices @1 :List(Slice);
}

struct Manifest {
  generation        @0 :UInt64;
  epoch             @1 :UInt64;
  step              @2 :UInt64;  # Updates applied; where the data goes on.
  parent            @3 :Data;    # SHA-256 of the newest manifest that verified
                                 # at the commit; 32 zeros if there was none.
  hasValidationLoss @4 :Bool;
  validationLoss    @5 :Float64; # Nats or squared error, mean over examples.
  network           @6 :Network.Network;
  partition         @7 :Network.Partition;
  train             @8 :Network.TrainSettings;
  vocabulary        @9 :List(UInt32); # Code points by token; empty if not text.
  experiment       @10 :Text;    # The TOML of the run.
  slices           @11 :Slices;
  run              @12 :UInt64;  # Epoch in which its training began from fresh
                                 # parameters. Only generations of the newest
                                 # run compete for the lowest validation loss.
  merges           @13 :List(UInt32); # Byte pairs, two tokens each, where
                                 # tokens are those and not code points.
}
