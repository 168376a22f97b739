//! Attention as a Burn operation with its own gradient.

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::autodiff::{Autodiff, NodeId};
use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, ExtensionType, Flex, backend_extension};
use burn::tensor::{Bytes, DType, Device, Tensor};

use super::AttentionMask;
use super::backward::{self, Outcome};
use super::forward::{self, Inputs};
use super::mask::Mask;
use super::views::{Heads, Shape};
use crate::flex::{contiguous, dims, filled, values};
use crate::simd::isa;

/// [`AttentionMask`] of one backend's own tensors.
#[derive(Clone, Debug, ExtensionType)]
pub(crate) enum MaskOf<B: Backend> {
    /// See [`AttentionMask::None`].
    None,
    /// See [`AttentionMask::Causal`].
    Causal,
    /// See [`AttentionMask::Additive`].
    Additive(FloatTensor<B>),
}

/// What attention reads.
#[derive(Clone, Debug)]
pub(crate) struct Operands<B: Backend> {
    q: FloatTensor<B>,
    k: FloatTensor<B>,
    v: FloatTensor<B>,
    scale: f64,
    mask: MaskOf<B>,
}

/// Attention and its gradients on one backend's own tensors.
pub(crate) trait AttentionKernels: Backend {
    /// `y`, and the levels that the backward pass wants.
    fn forward(operands: Operands<Self>) -> (FloatTensor<Self>, FloatTensor<Self>);
    /// Gradients of `q`, `k` and `v`.
    fn backward(
        operands: Operands<Self>,
        y: FloatTensor<Self>,
        levels: FloatTensor<Self>,
        dy: FloatTensor<Self>,
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

impl Operands<Flex> {
    fn forward_strides(self) -> Self {
        let mask = match self.mask {
            MaskOf::Additive(mask) => MaskOf::Additive(forward_strides(mask)),
            other => other,
        };
        let [q, k, v] = [self.q, self.k, self.v].map(forward_strides);
        Self { q, k, v, mask, ..self }
    }

    fn inputs(&self, shape: Shape) -> Inputs<'_> {
        let mask = match &self.mask {
            MaskOf::None => Mask::None,
            MaskOf::Causal => Mask::Causal,
            MaskOf::Additive(mask) => {
                let Heads { data, sizes, mut strides } = heads(mask);
                let scores = [shape.batch, shape.heads, shape.queries, shape.keys];
                for ((stride, size), wanted) in strides.iter_mut().zip(sizes).zip(scores) {
                    assert!(
                        size == wanted || size == 1,
                        "attention: a mask {sizes:?} does not fit scores {scores:?}"
                    );
                    if size == 1 {
                        *stride = 0;
                    }
                }
                Mask::Additive { data, strides }
            }
        };
        let [q, k, v] = [&self.q, &self.k, &self.v].map(heads);
        Inputs { scale: self.scale as f32, mask, q, k, v }
    }
}

impl AttentionKernels for Flex {
    fn forward(operands: Operands<Self>) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let shape = shape(&operands.q, &operands.k, &operands.v);
        let operands = operands.forward_strides();
        let Shape { batch, heads, queries, value_dim, .. } = shape;
        let size = [batch, heads, queries, value_dim];
        let mut y = vec![0.0; size.iter().product()];
        let levels = filled([batch, heads, queries], |levels| {
            forward::forward(isa(), shape, operands.inputs(shape), &mut y, levels);
        });
        (joined(size, y), levels)
    }

    fn backward(
        operands: Operands<Self>,
        y: FloatTensor<Self>,
        levels: FloatTensor<Self>,
        dy: FloatTensor<Self>,
    ) -> [FloatTensor<Self>; 3] {
        let shape = shape(&operands.q, &operands.k, &operands.v);
        let operands = operands.forward_strides();
        let (y, levels, dy) = (forward_strides(y), contiguous(levels), forward_strides(dy));
        let Shape { batch, heads: h, queries, keys, dim, value_dim } = shape;
        let sizes = [[batch, h, queries, dim], [batch, h, keys, dim], [batch, h, keys, value_dim]];
        let [mut dq, mut dk, mut dv] = sizes.map(|size| vec![0.0; size.iter().product()]);
        let outcome = Outcome { y: heads(&y), levels: values(&levels), dy: heads(&dy) };
        let inputs = operands.inputs(shape);
        backward::backward(isa(), shape, inputs, outcome, &mut dq, &mut dk, &mut dv);
        [joined(sizes[0], dq), joined(sizes[1], dk), joined(sizes[2], dv)]
    }
}

/// What Burn's dispatch sees.
#[backend_extension(Flex, Autodiff)]
pub(crate) trait AttentionOp: Backend {
    /// See [`attention_masked`](crate::attention_masked).
    fn attention_op(
        q: FloatTensor<Self>,
        k: FloatTensor<Self>,
        v: FloatTensor<Self>,
        #[extension_type] mask: MaskOf<Self>,
        scale: f64,
    ) -> FloatTensor<Self>;
}

impl AttentionOp for Flex {
    fn attention_op(
        q: FloatTensor<Self>,
        k: FloatTensor<Self>,
        v: FloatTensor<Self>,
        mask: MaskOf<Self>,
        scale: f64,
    ) -> FloatTensor<Self> {
        Self::forward(Operands { q, k, v, scale, mask }).0
    }
}

/// The nodes of `q`, `k` and `v`, and what the forward pass leaves.
#[derive(Clone, Debug)]
struct State<B: Backend> {
    inputs: [NodeId; 3],
    mask: MaskOf<B>,
    scale: f64,
    /// The result, which shares its memory with what the network goes on with.
    y: FloatTensor<B>,
    levels: FloatTensor<B>,
}

#[derive(Debug)]
struct AttentionBackward;

impl<B: AttentionKernels> Backward<B, 3> for AttentionBackward {
    type State = State<B>;

    fn backward(
        self,
        ops: Ops<Self::State, 3>,
        grads: &mut Gradients,
        checkpointer: &mut Checkpointer,
    ) {
        let State { inputs, mask, scale, y, levels } = ops.state;
        let dy = grads.consume::<B>(&ops.node);
        let [q, k, v]: [FloatTensor<B>; 3] =
            inputs.map(|node| checkpointer.retrieve_node_output(node));
        let operands = Operands { q, k, v, scale, mask };
        let gradients = <B as AttentionKernels>::backward(operands, y, levels, dy);
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
        mask: MaskOf<Self>,
        scale: f64,
    ) -> FloatTensor<Self> {
        let prepared = AttentionBackward
            .prepare::<C>([q.node(), k.node(), v.node()])
            .compute_bound()
            .stateful();
        let mask = match mask {
            MaskOf::None => MaskOf::None,
            MaskOf::Causal => MaskOf::Causal,
            MaskOf::Additive(mask) => MaskOf::Additive(mask.into_primitive()),
        };
        let run =
            |q: FloatTensor<Self>, k: FloatTensor<Self>, v: FloatTensor<Self>, mask: MaskOf<B>| {
                let (q, k, v) = (q.into_primitive(), k.into_primitive(), v.into_primitive());
                B::forward(Operands { q, k, v, scale, mask })
            };
        match prepared {
            OpsKind::Tracked(mut prep) => {
                let inputs = [prep.checkpoint(&q), prep.checkpoint(&k), prep.checkpoint(&v)];
                let (y, levels) = run(q, k, v, mask.clone());
                prep.finish(State { inputs, mask, scale, y: y.clone(), levels }, y)
            }
            OpsKind::UnTracked(prep) => prep.finish(run(q, k, v, mask).0),
        }
    }
}

/// The operation on tensors of a backend that has it.
pub(super) fn run(
    q: Tensor<4>,
    k: Tensor<4>,
    v: Tensor<4>,
    scale: f64,
    mask: AttentionMask,
) -> Tensor<4> {
    let mask = match mask {
        AttentionMask::None => MaskOf::None,
        AttentionMask::Causal => MaskOf::Causal,
        AttentionMask::Additive(mask) => {
            // Dispatch wants all tensors with derivatives or all without.
            let tracked = |device: Device| device.clone().without_autodiff() != device;
            let mask = match (tracked(q.device()), tracked(mask.device())) {
                (false, true) => mask.inner(),
                (true, false) => Tensor::from_inner(mask),
                _ => mask,
            };
            MaskOf::Additive(mask.into_dispatch())
        }
    };
    let (q, k, v) = (q.into_dispatch(), k.into_dispatch(), v.into_dispatch());
    Tensor::from_dispatch(<Dispatch as AttentionOp>::attention_op(q, k, v, mask, scale))
}
