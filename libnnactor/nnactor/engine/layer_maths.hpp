#pragma once

#include "nnactor/engine/initial_parameters.hpp"
#include "nnactor/engine/learnable.hpp"
#include "nnactor/engine/round.hpp"
#include "nnactor/partition/group_graph.hpp"

#include <memory>
#include <vector>

namespace nnactor {

/// What training keeps of a micro-batch between forward and accumulate.
struct kept_values {
  tensor inputs; ///< Gathered: x, or tokens; see `layer_maths::inputs_kept`.
  tensor z;      ///< Before the activation; see `needs_z`.
  tensor y;      ///< If the kind reads it again; empty after backward, as is z.
  shape extent;  ///< Of y.
  shape read;    ///< Of inputs.
  tensor dz;     ///< Empty until backward.
  /// Where labels are in the group, see `softmax_share`; empty where it tells
  /// no summary.
  tensor labels = {};
  std::vector<tensor> more = {}; ///< What else a kind needs; see its source.
};

/// What the neurons of a group read, side by side: x[r,c], or tokens[r,c].
struct layer_input {
  matrix values;
  token_matrix tokens;
  /// Texts are written: what a row gives depends on it and its sequence alone.
  bool by_row = false;
  const round_rows* round = nullptr; ///< Then, for whoever needs it.
};

/// The mathematics of a kind of layer, for the neurons of one group, and their
/// parameters. Keeps no micro-batch; `group_program` does.
class layer_maths {
public:
  /// Parameters are 0.
  /// @param runs Order of the columns of what multiplies; empty if it is the
  ///     canonical one.
  layer_maths(const layer& what, uint64_t neurons,
              const std::vector<column_run>& runs, const train_settings& how);

  virtual ~layer_maths() = default;

  /// Returns what a kernel looks up by, from tokens of the data; both are on
  /// the host.
  /// @param round See `layer_input`.
  virtual tensor looked_up(const tensor& tokens, const round_rows*) const {
    return tokens;
  }

  /// Whether the rows of a round are of use to it.
  virtual bool needs_round() const {
    return false;
  }

  /// Rows of y for so many rows of the data in a round.
  virtual uint64_t rows_in(const round_rows& round) const {
    return round.rows();
  }

  /// Computes y[r,width]. Puts into `keep`, unless it is null, what `backward`
  /// needs besides inputs and y.
  virtual void forward(device& dev, const layer_input& x, mutable_matrix y,
                       kept_values* keep) = 0;

  /// Takes the gradient dy[r,width] of y and leaves what `accumulate` needs of
  /// it in `at`, in `dz` and `more`; puts the gradient of the inputs into
  /// dx[r,c] unless that is empty.
  virtual void backward(device& dev, kept_values& at, const tensor& dy,
                        mutable_matrix dx) = 0;

  /// Adds the gradient of the parameters.
  /// @pre `backward` has left `at`
  virtual void accumulate(device& dev, const kept_values& at) = 0;

  /// Whether y is read on the way back.
  virtual bool keeps_y() const {
    return false;
  }

  /// How long inputs are read.
  enum class until : uint8_t { forward, backward, accumulate };

  virtual until inputs_kept() const {
    return until::accumulate;
  }

  /// The parameters are others than before.
  virtual void on_change() {
  }

  /// Takes a parameter of another group for its own, where it has none.
  virtual void borrow(learnable&) {
  }

  /// In the order of `layer::parameter_rows`.
  std::vector<learnable>& parameters() {
    return parameters_;
  }

protected:
  matrix values(device& dev, size_t parameter) {
    return as_const(parameters_[parameter].values(dev));
  }

  mutable_matrix gradient(device& dev, size_t parameter) {
    return parameters_[parameter].gradient(dev);
  }

private:
  std::vector<learnable> parameters_;
};

/// Prepares a group's layer.
std::unique_ptr<layer_maths>
make_layer_maths(const network& net, const group_graph& graph, const group& of,
                 const train_settings& how, initial values);

} // namespace nnactor
