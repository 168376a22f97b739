//! Attention as a Burn operation with its own gradient.

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::autodiff::{Autodiff, NodeId};
use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, backend_extension};
use burn::tensor::{Bytes, DType, Tensor};

use super::backward::{self, Inputs};
use super::forward;
use super::views::{Heads, Shape};
use crate::flex::dims;
use crate::simd::isa;

/// Attention and its gradients on one backend's own tensors.
pub(crate) trait AttentionKernels: Backend {
    /// `y`.
    fn forward(
        q: FloatTensor<Self>,
        k: FloatTensor<Self>,
        v: FloatTensor<Self>,
        scale: f64,
    ) -> FloatTensor<Self>;
    /// Gradients of `q`, `k` and `v`.
    fn backward(
        q: FloatTensor<Self>,
        k: FloatTensor<Self>,
        v: FloatTensor<Self>,
        dy: FloatTensor<Self>,
        scale: f64,
    ) -> [FloatTensor<Self>; 3];
}

fn heads(x: &FlexTensor) -> Heads<'_> {
    let all: &[f32] = x.storage();
    let layout = x.layout();
    let stride = |i: usize| layout.strides()[i] as usize;
    let data = &all[layout.start_offset().min(all.len())..];
    Heads { data, sizes: dims(x), strides: [stride(0), stride(1), stride(2), stride(3)] }
}

/// Negative strides come from flips only; those are copied.
fn forward_strides(x: FlexTensor) -> FlexTensor {
    if x.layout().strides().iter().any(|&s| s < 0) { x.to_contiguous() } else { x }
}

/// `[batch, heads, positions, dim]` over memory `[batch, positions, heads, dim]`.
fn joined([b, h, l, d]: [usize; 4], data: Vec<f32>) -> FlexTensor {
    let strides = [l * h * d, d, h * d, 1].map(|s| s as isize).to_vec();
    FlexTensor::new(
        Bytes::from_elems(data),
        Layout::new([b, h, l, d].into(), strides, 0),
        DType::F32,
    )
}

fn shape(q: &FlexTensor, k: &FlexTensor, v: &FlexTensor) -> Shape {
    let ([batch, heads, queries, dim], [_, _, keys, value_dim]) = (dims(q), dims(v));
    assert!(
        dims(k) == [batch, heads, keys, dim] && dims(v) == [batch, heads, keys, value_dim],
        "attention: queries {:?}, keys {:?} and values {:?} do not fit",
        dims::<4>(q),
        dims::<4>(k),
        dims::<4>(v)
    );
    Shape { batch, heads, queries, keys, dim, value_dim }
}

impl AttentionKernels for Flex {
    fn forward(
        q: FloatTensor<Self>,
        k: FloatTensor<Self>,
        v: FloatTensor<Self>,
        scale: f64,
    ) -> FloatTensor<Self> {
        let shape = shape(&q, &k, &v);
        let (q, k, v) = (forward_strides(q), forward_strides(k), forward_strides(v));
        let size = [shape.batch, shape.heads, shape.queries, shape.value_dim];
        let mut y = vec![0.0; size.iter().product()];
        forward::forward(isa(), shape, scale as f32, heads(&q), heads(&k), heads(&v), &mut y);
        joined(size, y)
    }

    fn backward(
        q: FloatTensor<Self>,
        k: FloatTensor<Self>,
        v: FloatTensor<Self>,
        dy: FloatTensor<Self>,
        scale: f64,
    ) -> [FloatTensor<Self>; 3] {
        let shape = shape(&q, &k, &v);
        let (q, k, v, dy) =
            (forward_strides(q), forward_strides(k), forward_strides(v), forward_strides(dy));
        let Shape { batch, heads: h, queries, keys, dim, value_dim } = shape;
        let sizes = [[batch, h, queries, dim], [batch, h, keys, dim], [batch, h, keys, value_dim]];
        let [mut dq, mut dk, mut dv] = sizes.map(|size| vec![0.0; size.iter().product()]);
        let inputs = Inputs {
            scale: scale as f32,
            q: heads(&q),
            k: heads(&k),
            v: heads(&v),
            dy: heads(&dy),
        };
        backward::backward(isa(), shape, inputs, &mut dq, &mut dk, &mut dv);
        [joined(sizes[0], dq), joined(sizes[1], dk), joined(sizes[2], dv)]
    }
}

/// What Burn's dispatch sees.
#[backend_extension(Flex, Autodiff)]
pub(crate) trait AttentionOp: Backend {
    /// See [`attention`](crate::attention).
    fn attention_op(
        q: FloatTensor<Self>,
        k: FloatTensor<Self>,
        v: FloatTensor<Self>,
        scale: f64,
    ) -> FloatTensor<Self>;
}

impl AttentionOp for Flex {
    fn attention_op(
        q: FloatTensor<Self>,
        k: FloatTensor<Self>,
        v: FloatTensor<Self>,
        scale: f64,
    ) -> FloatTensor<Self> {
        Self::forward(q, k, v, scale)
    }
}

#[derive(Debug)]
struct AttentionBackward;

impl<B: AttentionKernels> Backward<B, 3> for AttentionBackward {
    type State = ([NodeId; 3], f64);

    fn backward(
        self,
        ops: Ops<Self::State, 3>,
        grads: &mut Gradients,
        checkpointer: &mut Checkpointer,
    ) {
        let (inputs, scale) = ops.state;
        let dy = grads.consume::<B>(&ops.node);
        let [q, k, v]: [FloatTensor<B>; 3] =
            inputs.map(|node| checkpointer.retrieve_node_output(node));
        let gradients = <B as AttentionKernels>::backward(q, k, v, dy, scale);
        for (node, gradient) in ops.parents.into_iter().zip(gradients) {
            if let Some(node) = node {
                grads.register::<B>(node.id, gradient);
            }
        }
    }
}

impl<B: AttentionKernels, C: CheckpointStrategy> AttentionOp for Autodiff<B, C> {
    fn attention_op(
        q: FloatTensor<Self>,
        k: FloatTensor<Self>,
        v: FloatTensor<Self>,
        scale: f64,
    ) -> FloatTensor<Self> {
        let prepared = AttentionBackward
            .prepare::<C>([q.node(), k.node(), v.node()])
            .compute_bound()
            .stateful();
        let run = |q: FloatTensor<Self>, k: FloatTensor<Self>, v: FloatTensor<Self>| {
            B::forward(q.into_primitive(), k.into_primitive(), v.into_primitive(), scale)
        };
        match prepared {
            OpsKind::Tracked(mut prep) => {
                let state =
                    ([prep.checkpoint(&q), prep.checkpoint(&k), prep.checkpoint(&v)], scale);
                prep.finish(state, run(q, k, v))
            }
            OpsKind::UnTracked(prep) => prep.finish(run(q, k, v)),
        }
    }
}

/// The operation on tensors of a backend that has it.
pub(super) fn run(q: Tensor<4>, k: Tensor<4>, v: Tensor<4>, scale: f64) -> Tensor<4> {
    let (q, k, v) = (q.into_dispatch(), k.into_dispatch(), v.into_dispatch());
    Tensor::from_dispatch(<Dispatch as AttentionOp>::attention_op(q, k, v, scale))
}
