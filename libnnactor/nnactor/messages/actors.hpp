#pragma once

#include "nnactor/messages/message_types.hpp"

#include <caf/all.hpp>

#include <string>
#include <vector>

/// Every actor interface of nnactor. Interfaces whose handles cross a wire use
/// only types that may: no floats, no pointers.
namespace nnactor {

/// Whoever takes a tensor: a local group, a link to another node, a driver.
/// Senders cannot tell which, and need not.
using sink_actor = caf::typed_actor<caf::reacts_to<tensor_message>>;

/// Executes blocks, one at a time, the most urgent of those that wait first
/// (see `urgency`), and sends each back to its owner.
using device_actor = caf::typed_actor<caf::reacts_to<block_ptr>>;

/// Takes one command of a shell as a line, see shell/command.hpp, and answers
/// with a JSON object.
using control_actor = caf::typed_actor<
    caf::replies_to<command_atom, std::string>::with<std::string>>;

/// A neuron group, or several that one device runs in one go, or the loss
/// group.
using group_actor = sink_actor::extend<
    // Where everything is; comes before any tensor.
    caf::reacts_to<routing_ptr>,
    // A block of this group has run.
    caf::reacts_to<block_ptr>,
    // All gradients of step `step` are known: apply them, scaled by the float
    // with these bits.
    caf::reacts_to<update_atom, uint64_t /*step*/, uint32_t /*scale*/>,
    // Your twin (see `group::twin`) has added up all its gradients of that
    // step, or has updated the parameters that you borrow; local.
    caf::reacts_to<ready_atom, uint64_t /*step*/>,
    // The rows of that round; local.
    caf::reacts_to<round_atom, uint32_t /*number*/, round_ptr>,
    // Send a copy of the parameters that have seen `step` updates to the node's
    // persistence actor, for this generation.
    caf::reacts_to<save_atom, uint64_t /*generation*/, uint64_t /*step*/>,
    // What is that group of yours doing?
    caf::replies_to<status_atom, group_id>::with<group_status>,
    // A copy of the parameters of that group; local.
    caf::replies_to<peek_atom, group_id>::with<parameters_ptr>>;

/// The sending end of a direct connection to another node: cuts tensors into
/// pieces and holds back those for which there is no credit.
using link_actor = sink_actor::extend<
    // The gate at the other end has received that many more bytes.
    caf::reacts_to<credit_atom, uint64_t>>;

/// Entry of a node for all tensors from other nodes: puts pieces together and
/// hands each tensor to every local group that its table lists.
using gate_actor = caf::typed_actor<
    // From a link of another node.
    caf::reacts_to<tensor_piece>,
    // Where tensors go from now on; local.
    caf::reacts_to<routing_ptr>>;

/// What a job's driver takes from groups and nodes, besides results, which
/// reach it as a sink, and from shells.
using driver_actor = control_actor::extend<
    // The squared norm of a group's gradient, the bits of a double.
    caf::reacts_to<norm_atom, uint64_t /*epoch*/, uint64_t /*step*/, group_id,
                   uint64_t /*bits*/>,
    // A group has finished a micro-batch of training; see `closing_groups`.
    caf::reacts_to<credit_atom, uint64_t /*epoch*/, uint64_t /*step*/,
                   uint32_t /*micro_batch*/, group_id>,
    // A node has written its slices of a generation, see `decode_slices`.
    caf::reacts_to<written_atom, uint64_t /*epoch*/, uint64_t /*generation*/,
                   node_index, std::vector<char>>,
    // A node could not write its slices of a generation; the job goes on.
    caf::reacts_to<unsaved_atom, uint64_t /*epoch*/, uint64_t /*generation*/,
                   node_index, caf::error>,
    // A node has read so many bytes of what it loads from a generation; only of
    // what takes a while.
    caf::reacts_to<loading_atom, uint64_t /*epoch*/, node_index,
                   uint64_t /*bytes*/, uint64_t /*of*/>,
    // Something on a node went wrong that ends the job.
    caf::reacts_to<failed_atom, uint64_t /*epoch*/, caf::error>,
    // A node has lost the connection to another one that it exchanges tensors
    // with.
    caf::reacts_to<lost_atom, uint64_t /*epoch*/, node_index /*other*/>>;

/// Reads and writes the store for one node; runs on a thread of its own, for
/// a file server can block longer than any deadline.
using persistence_actor = caf::typed_actor<
    // Open the model of a deployment and prepare the programs of this node's
    // neuron groups, in the order of the table: from memory where the node has
    // carried them over, else from the store.
    caf::replies_to<deploy_atom, deployment_ptr, carried_ptr,
                    driver_actor>::with<programs_ptr>,
    // A generation begins; that many groups will send their parameters.
    caf::reacts_to<save_atom, uint64_t /*generation*/, uint32_t /*groups*/,
                   driver_actor>,
    // The parameters of one group for a generation of the job of that epoch.
    caf::reacts_to<save_atom, uint64_t /*epoch*/, uint64_t /*generation*/,
                   parameters_ptr>,
    // Whether the folder of that model is the one in which a driver has made
    // that file, see `probe_file`; returns the folder of all models.
    caf::replies_to<look_atom, std::string /*model*/,
                    std::string /*file*/>::with<std::string>,
    // Driver only: checks that the folder is still the one in which it claimed
    // its epoch, and returns that.
    caf::replies_to<look_atom>::with<uint64_t>,
    // Driver only: claim the next epoch; returns it, its token and the newest
    // generation, 0 if there is none.
    caf::replies_to<claim_atom>::with<uint64_t, std::string, uint64_t>,
    // Driver only: commit a manifest, then keep that many generations.
    caf::replies_to<commit_atom, manifest_ptr,
                    uint32_t /*keep*/>::with<manifest_ptr>>;

/// One node of the cluster. Commands go on to the driver of its job.
using node_actor = control_actor::extend<
    // Who are you? Carries the caller's protocol version.
    caf::replies_to<hello_atom, std::string>::with<node_info>,
    // You are node `self` of this epoch: connect to every node in this list and
    // exchange gates. Nodes that you have nothing to do with are left blank.
    caf::replies_to<join_atom, uint64_t /*epoch*/, node_index /*self*/,
                    std::vector<std::string> /*addresses*/>::with<uint64_t>,
    // I am node `index`, this is my gate; returns yours.
    caf::replies_to<peer_atom, uint64_t /*epoch*/, node_index,
                    gate_actor>::with<gate_actor>,
    // Set up the groups of a deployment (see `decode_deployment`).
    caf::replies_to<deploy_atom, std::vector<char>,
                    driver_actor>::with<node_report>,
    // For all groups: apply the gradients of a step.
    caf::reacts_to<update_atom, uint64_t /*epoch*/, uint64_t /*step*/,
                   uint32_t /*scale*/>,
    // The rows that a round of that number has.
    caf::reacts_to<round_atom, uint64_t /*epoch*/, uint32_t /*number*/,
                   token_round>,
    // For all groups: save; answered when every group has the request in its
    // mailbox, so that no later step can overtake it.
    caf::replies_to<save_atom, uint64_t /*epoch*/, uint64_t /*generation*/,
                    uint64_t /*step*/>::with<uint64_t /*generation*/>,
    // Bytes of tensors this node has sent over links since it was deployed.
    caf::replies_to<traffic_atom>::with<uint64_t>,
    // Nobody's, sent to see how long that takes; returns its bytes.
    caf::replies_to<probe_atom, tensor_piece>::with<uint64_t>,
    // What is everybody doing?
    caf::replies_to<status_atom, uint64_t /*epoch*/>::with<node_status>,
    // The weights of a neuron of a group: those of its inputs, then its bias if
    // it has one; or, as a source, those by which each neuron of the group
    // multiplies each of its values (NaN: not connected). Floats, raw.
    caf::replies_to<peek_atom, uint64_t /*epoch*/, group_id, neuron_id,
                    bool /*as source*/>::with<std::vector<char>>,
    // Do you see this file in the folder of that model? Returns the folder of
    // all models.
    caf::replies_to<look_atom, std::string /*model*/,
                    std::string /*file*/>::with<std::string>,
    // The job is over: end groups and links of that epoch.
    caf::reacts_to<leave_atom, uint64_t /*epoch*/>,
    // End your process at once, as a crash would.
    caf::reacts_to<kill_atom, uint64_t /*epoch*/>>;

/// Opens connections to other nodes; a test gives one that needs no socket.
using dialer_actor = caf::typed_actor<
    // Returns the node at HOST:PORT, trying again until the deadline.
    caf::replies_to<dial_atom, std::string /*address*/,
                    uint32_t /*timeout in ms*/>::with<node_actor>>;

} // namespace nnactor
