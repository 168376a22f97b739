//! The convolution as a Burn operation with its own gradient.

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::autodiff::{Autodiff, NodeId};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::Tensor;

use super::{Conv2dOptions, Geometry, direct, passes};
use crate::flex::{Maybe, contiguous, dims, filled, values};
use crate::simd::isa;

/// The convolution and its gradients on one backend's own tensors.
pub(crate) trait Conv2dKernels: Backend {
    /// `y`.
    fn forward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: Option<FloatTensor<Self>>,
        options: Conv2dOptions,
    ) -> FloatTensor<Self>;
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

impl Conv2dKernels for Flex {
    fn forward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: Option<FloatTensor<Self>>,
        options: Conv2dOptions,
    ) -> FloatTensor<Self> {
        let g = Geometry::new(dims(&x), dims(&weight), options);
        let (x, weight, bias) = (contiguous(x), contiguous(weight), bias.map(contiguous));
        filled([g.images, g.filters, g.out_height, g.out_width], |y| {
            passes::forward(isa(), &g, values(&x), values(&weight), bias.as_ref().map(values), y);
        })
    }

    fn data_gradient(
        x: [usize; 4],
        weight: FloatTensor<Self>,
        dy: FloatTensor<Self>,
        options: Conv2dOptions,
    ) -> FloatTensor<Self> {
        let g = Geometry::new(x, dims(&weight), options);
        let (weight, dy) = (contiguous(weight), contiguous(dy));
        filled(x, |dx| passes::data_gradient(isa(), &g, values(&dy), values(&weight), dx))
    }

    fn weight_gradient(
        x: FloatTensor<Self>,
        weight: [usize; 4],
        dy: FloatTensor<Self>,
        options: Conv2dOptions,
    ) -> FloatTensor<Self> {
        let g = Geometry::new(dims(&x), weight, options);
        let (x, dy) = (contiguous(x), contiguous(dy));
        filled(weight, |dweight| {
            passes::weight_gradient(isa(), &g, values(&x), values(&dy), dweight)
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
        options: Conv2dOptions,
    ) -> FloatTensor<Self>;
}

impl Conv2dOp for Flex {
    fn conv2d_op(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: Maybe<Self>,
        options: Conv2dOptions,
    ) -> FloatTensor<Self> {
        Self::forward(x, weight, bias.into_option(), options)
    }
}

/// What the backward pass needs besides the tensors: their nodes, shapes and the options.
type State = (NodeId, NodeId, [usize; 4], [usize; 4], bool, Conv2dOptions);

#[derive(Debug)]
struct Conv2dBackward;

impl<B: Conv2dKernels> Backward<B, 3> for Conv2dBackward {
    type State = State;

    fn backward(self, ops: Ops<State, 3>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let [x_node, weight_node, bias_node] = ops.parents;
        let (x, weight, x_shape, weight_shape, has_bias, options) = ops.state;
        let dy = grads.consume::<B>(&ops.node);
        // Every saved tensor is retrieved exactly once, used or not: the checkpointer counts.
        let (x, weight): (FloatTensor<B>, FloatTensor<B>) =
            (checkpointer.retrieve_node_output(x), checkpointer.retrieve_node_output(weight));
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
        options: Conv2dOptions,
    ) -> FloatTensor<Self> {
        let shapes = (x.shape().dims(), weight.shape().dims());
        let bias: Option<FloatTensor<Self>> = bias.into_option();
        let has_bias = bias.is_some();
        // The node count is fixed: an absent bias is stood in for by the weight, whose node gets nothing through it.
        let bias_node = bias.as_ref().unwrap_or(&weight).node();
        let parents = [x.node(), weight.node(), bias_node];
        match Conv2dBackward.prepare::<C>(parents).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let state = (
                    prep.checkpoint(&x),
                    prep.checkpoint(&weight),
                    shapes.0,
                    shapes.1,
                    has_bias,
                    options,
                );
                let bias = bias.map(|b| b.into_primitive());
                prep.finish(
                    state,
                    B::forward(x.into_primitive(), weight.into_primitive(), bias, options),
                )
            }
            OpsKind::UnTracked(prep) => {
                let bias = bias.map(|b| b.into_primitive());
                prep.finish(B::forward(x.into_primitive(), weight.into_primitive(), bias, options))
            }
        }
    }
}

/// The operation on tensors of a backend that has it.
pub(super) fn run(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    options: Conv2dOptions,
) -> Tensor<4> {
    let bias = bias.map_or(Maybe::None, |b| Maybe::Some(b.into_dispatch()));
    Tensor::from_dispatch(<Dispatch as Conv2dOp>::conv2d_op(
        x.into_dispatch(),
        weight.into_dispatch(),
        bias,
        options,
    ))
}
