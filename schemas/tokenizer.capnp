# The tokenizer of a model that was trained elsewhere, as its files have it.
#
# A reader rejects kinds and types that there are not, pieces that are there
# twice, empty (but for normal ones) or longer than 4096 bytes, types or scores
# that are not one a piece, scores that are not finite, ids and merges beyond the
# pieces, merges whose two pieces make none, and rules that it does not know: with
# another one the model would get other ids than it was trained with.

@0xc6d2a91f5b38e047;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("nnactor::schema");

struct Tokenizer {
  kind           @0 :UInt8;         # Byte-level, by score, SentencePiece.
  pre            @1 :Text;          # Rule that cuts words; byte-level only.
  pieces         @2 :List(Data);    # By id; any bytes.
  types          @3 :Data;          # A byte a piece: normal 1, unknown 2, control
                                    # 3, user-defined 4, unused 5, byte 6.
  scores         @4 :List(Float32); # One a piece, by score only.
  merges         @5 :List(UInt32);  # Two pieces each, in their order.
  model          @6 :Data;          # The file of SentencePiece.
  bos            @7 :Int32 = -1;    # Ids; -1: there is none.
  eos            @8 :Int32 = -1;
  unk            @9 :Int32 = -1;
  pad           @10 :Int32 = -1;
  ends          @11 :List(Int32);   # Ids that end an answer.
  addBos        @12 :Bool;          # Texts begin with bos.
  addEos        @13 :Bool;          # Texts to train on end with eos.
  addSpacePrefix @14 :Bool;         # A space is put before a text.
  ignoreMerges  @15 :Bool;          # A word that is a piece is not merged.
}
