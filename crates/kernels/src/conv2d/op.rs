//! The convolution as a Burn operation with its own gradient.

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::autodiff::{Autodiff, NodeId};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::Tensor;

use super::{Conv2dOptions, Geometry, direct, passes, winograd};
use crate::flex::{Maybe, contiguous, dims, filled, values, written};
use crate::simd::isa;

/// `x`, the weight and, where there are such, the bias and what is added to the result.
pub(crate) struct Inputs<B: Backend> {
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: Option<FloatTensor<B>>,
    residual: Option<FloatTensor<B>>,
}

impl<B: Backend, C: CheckpointStrategy> Inputs<Autodiff<B, C>> {
    fn into_primitive(self) -> Inputs<B> {
        let inner = |t: FloatTensor<Autodiff<B, C>>| t.into_primitive();
        Inputs {
            x: inner(self.x),
            weight: inner(self.weight),
            bias: self.bias.map(inner),
            residual: self.residual.map(inner),
        }
    }
}

/// The convolution and its gradients on one backend's own tensors.
pub(crate) trait Conv2dKernels: Backend {
    /// `y`.
    fn forward(inputs: Inputs<Self>, options: Conv2dOptions) -> FloatTensor<Self>;
    /// `∂/∂x`; `x` gives the shape only.
    fn data_gradient(
        x: [usize; 4],
        weight: FloatTensor<Self>,
        dy: FloatTensor<Self>,
        options: Conv2dOptions,
    ) -> FloatTensor<Self>;
    /// `∂/∂weight`; `weight` gives the shape only.
    fn weight_gradient(
        x: FloatTensor<Self>,
        weight: [usize; 4],
        dy: FloatTensor<Self>,
        options: Conv2dOptions,
    ) -> FloatTensor<Self>;
    /// `∂/∂bias`.
    fn bias_gradient(dy: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// What is done with a weight's transformed filters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Filters {
    /// They are made anew: the weight is about to change.
    Fresh,
    /// They are kept for the next call.
    Kept,
}

fn convolve(inputs: Inputs<Flex>, options: Conv2dOptions, filters: Filters) -> FlexTensor {
    let Inputs { x, weight, bias, residual } = inputs;
    let g = Geometry::new(dims(&x), dims(&weight), options);
    let shape = [g.images, g.filters, g.out_height, g.out_width];
    let (x, weight, bias) = (contiguous(x), contiguous(weight), bias.map(contiguous));
    let residual = residual.map(contiguous);
    if let Some(residual) = &residual {
        let found: [usize; 4] = dims(residual);
        assert_eq!(found, shape, "conv2d: the residual and the result differ in shape");
    }
    let (b, r) = (bias.as_ref().map(values), residual.as_ref().map(values));
    let kept = (filters == Filters::Kept && winograd::suits(&g))
        .then(|| winograd::kept(isa(), &g, values(&weight), &weight.data_arc()))
        .flatten();
    written(shape, |y| {
        match &kept {
            Some(kept) => winograd::forward_kept(isa(), &g, values(&x), kept, b, r, y),
            None => passes::forward(isa(), &g, values(&x), values(&weight), b, r, y),
        }
        // SAFETY: a pass writes all of its result.
        unsafe { y.assume_init_mut() }
    })
}

impl Conv2dKernels for Flex {
    fn forward(inputs: Inputs<Self>, options: Conv2dOptions) -> FloatTensor<Self> {
        convolve(inputs, options, Filters::Fresh)
    }

    fn data_gradient(
        x: [usize; 4],
        weight: FloatTensor<Self>,
        dy: FloatTensor<Self>,
        options: Conv2dOptions,
    ) -> FloatTensor<Self> {
        let g = Geometry::new(x, dims(&weight), options);
        let (weight, dy) = (contiguous(weight), contiguous(dy));
        written(x, |dx| {
            passes::data_gradient(isa(), &g, values(&dy), values(&weight), dx);
            // SAFETY: a pass writes all of its result.
            unsafe { dx.assume_init_mut() }
        })
    }

    fn weight_gradient(
        x: FloatTensor<Self>,
        weight: [usize; 4],
        dy: FloatTensor<Self>,
        options: Conv2dOptions,
    ) -> FloatTensor<Self> {
        let g = Geometry::new(dims(&x), weight, options);
        let (x, dy) = (contiguous(x), contiguous(dy));
        written(weight, |dweight| {
            passes::weight_gradient(isa(), &g, values(&x), values(&dy), dweight);
            // SAFETY: a pass writes all of its result.
            unsafe { dweight.assume_init_mut() }
        })
    }

    fn bias_gradient(dy: FloatTensor<Self>) -> FloatTensor<Self> {
        let shape: [usize; 4] = dims(&dy);
        let dy = contiguous(dy);
        filled([shape[1]], |dbias| direct::bias_gradient(shape, values(&dy), dbias))
    }
}

/// What Burn's dispatch sees.
#[backend_extension(Flex, Autodiff)]
pub(crate) trait Conv2dOp: Backend {
    /// See [`conv2d`](crate::conv2d).
    fn conv2d_op(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        #[extension_type] bias: Maybe<Self>,
        #[extension_type] residual: Maybe<Self>,
        options: Conv2dOptions,
    ) -> FloatTensor<Self>;
}

impl Conv2dOp for Flex {
    fn conv2d_op(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: Maybe<Self>,
        residual: Maybe<Self>,
        options: Conv2dOptions,
    ) -> FloatTensor<Self> {
        let (bias, residual) = (bias.into_option(), residual.into_option());
        convolve(Inputs { x, weight, bias, residual }, options, Filters::Kept)
    }
}

/// What the backward pass needs besides the tensors: nodes of `x` and the weight, their shapes, which of bias and residual
/// there are, and the options.
type State = ([NodeId; 2], [[usize; 4]; 2], [bool; 2], Conv2dOptions);

#[derive(Debug)]
struct Conv2dBackward;

impl<B: Conv2dKernels> Backward<B, 4> for Conv2dBackward {
    type State = State;

    fn backward(self, ops: Ops<State, 4>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let [x_node, weight_node, bias_node, residual_node] = ops.parents;
        let (saved, [x_shape, weight_shape], [has_bias, has_residual], options) = ops.state;
        let dy = grads.consume::<B>(&ops.node);
        // Every saved tensor is retrieved exactly once, used or not: the checkpointer counts.
        let [x, weight]: [FloatTensor<B>; 2] =
            saved.map(|node| checkpointer.retrieve_node_output(node));
        if let Some(node) = residual_node.filter(|_| has_residual) {
            grads.register::<B>(node.id, dy.clone());
        }
        if let Some(node) = bias_node.filter(|_| has_bias) {
            grads.register::<B>(node.id, B::bias_gradient(dy.clone()));
        }
        if let Some(node) = weight_node {
            grads.register::<B>(node.id, B::weight_gradient(x, weight_shape, dy.clone(), options));
        }
        if let Some(node) = x_node {
            grads.register::<B>(node.id, B::data_gradient(x_shape, weight, dy, options));
        }
    }
}

impl<B: Conv2dKernels, C: CheckpointStrategy> Conv2dOp for Autodiff<B, C> {
    fn conv2d_op(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: Maybe<Self>,
        residual: Maybe<Self>,
        options: Conv2dOptions,
    ) -> FloatTensor<Self> {
        let shapes = [x.shape().dims(), weight.shape().dims()];
        let inputs = Inputs::<Self> {
            x,
            weight,
            bias: bias.into_option(),
            residual: residual.into_option(),
        };
        let has = [inputs.bias.is_some(), inputs.residual.is_some()];
        // The node count is fixed: what is absent is stood in for by the weight, whose node gets nothing through it.
        let node = |t: &Option<FloatTensor<Self>>| t.as_ref().unwrap_or(&inputs.weight).node();
        let parents =
            [inputs.x.node(), inputs.weight.node(), node(&inputs.bias), node(&inputs.residual)];
        match Conv2dBackward.prepare::<C>(parents).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let saved = [prep.checkpoint(&inputs.x), prep.checkpoint(&inputs.weight)];
                let y = B::forward(inputs.into_primitive(), options);
                prep.finish((saved, shapes, has, options), y)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::forward(inputs.into_primitive(), options)),
        }
    }
}

/// The operation on tensors of a backend that has it.
pub(super) fn run(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    residual: Option<Tensor<4>>,
    options: Conv2dOptions,
) -> Tensor<4> {
    let bias = bias.map_or(Maybe::None, |b| Maybe::Some(b.into_dispatch()));
    let residual = residual.map_or(Maybe::None, |r| Maybe::Some(r.into_dispatch()));
    let (x, weight) = (x.into_dispatch(), weight.into_dispatch());
    Tensor::from_dispatch(<Dispatch as Conv2dOp>::conv2d_op(x, weight, bias, residual, options))
}
