//! SiLU as a Burn operation with its own gradient.

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::autodiff::{Autodiff, NodeId};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;

use super::slices;
use crate::flex::{contiguous, like, values};
use crate::simd::isa;

/// SiLU and its gradient on one backend's own tensors.
pub(crate) trait SiluKernels: Backend {
    /// `y`.
    fn forward(x: FloatTensor<Self>) -> FloatTensor<Self>;
    /// `∂/∂x`.
    fn backward(x: FloatTensor<Self>, dy: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl SiluKernels for Flex {
    fn forward(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let x = contiguous(x);
        like(&x, |y| slices::forward(isa(), values(&x), y))
    }

    fn backward(x: FloatTensor<Self>, dy: FloatTensor<Self>) -> FloatTensor<Self> {
        let (x, dy) = (contiguous(x), contiguous(dy));
        like(&x, |dx| slices::backward(isa(), values(&x), values(&dy), dx))
    }
}

/// What Burn's dispatch sees.
#[backend_extension(Flex, Autodiff)]
pub(crate) trait SiluOp: Backend {
    /// See [`silu`](crate::silu).
    fn silu_op(x: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl SiluOp for Flex {
    fn silu_op(x: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::forward(x)
    }
}

#[derive(Debug)]
struct SiluBackward;

impl<B: SiluKernels> Backward<B, 1> for SiluBackward {
    type State = NodeId;

    fn backward(self, ops: Ops<NodeId, 1>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let [node] = ops.parents;
        let dy = grads.consume::<B>(&ops.node);
        let x: FloatTensor<B> = checkpointer.retrieve_node_output(ops.state);
        if let Some(node) = node {
            grads.register::<B>(node.id, <B as SiluKernels>::backward(x, dy));
        }
    }
}

impl<B: SiluKernels, C: CheckpointStrategy> SiluOp for Autodiff<B, C> {
    fn silu_op(x: FloatTensor<Self>) -> FloatTensor<Self> {
        match SiluBackward.prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let state = prep.checkpoint(&x);
                prep.finish(state, B::forward(x.into_primitive()))
            }
            OpsKind::UnTracked(prep) => prep.finish(B::forward(x.into_primitive())),
        }
    }
}

/// The operation on a tensor of a backend that has it.
pub(super) fn run<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    Tensor::from_dispatch(<Dispatch as SiluOp>::silu_op(x.into_dispatch()))
}
