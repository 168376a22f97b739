//! The affine map as a Burn operation with its own gradient: three matrix products that read tensors in any layout.

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::autodiff::{Autodiff, NodeId};
use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, backend_extension};
use burn::tensor::{Bytes, DType, Tensor};

use crate::flex::{Matrix, Maybe, contiguous, dims, filled, values, written};
use crate::fresh;
use crate::gemm::{Bias, Offsets, Output, gemm};
use crate::simd::isa;

/// The affine map and its gradients on one backend's own tensors.
pub(crate) trait LinearKernels: Backend {
    /// `y`.
    fn forward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: Option<FloatTensor<Self>>,
    ) -> FloatTensor<Self>;
    /// `∂/∂x = dy · weight`; `x` gives the layout only.
    fn data_gradient(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        dy: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
    /// `∂/∂weight = dyᵀ · x`.
    fn weight_gradient(x: FloatTensor<Self>, dy: FloatTensor<Self>) -> FloatTensor<Self>;
    /// `∂/∂bias`: sums of columns of `dy`.
    fn bias_gradient(dy: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl LinearKernels for Flex {
    fn forward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: Option<FloatTensor<Self>>,
    ) -> FloatTensor<Self> {
        let [outputs, inputs] = dims(&weight);
        let mut shape = x.layout().shape().clone();
        let x = Matrix::of(x);
        assert_eq!(x.width(), inputs, "linear: the last dimension and the weight's inputs differ");
        let (weight, bias) = (Matrix::of(weight), bias.map(contiguous));
        let last = shape.num_dims() - 1;
        shape[last] = outputs;
        let bias = bias.as_ref().map_or(Bias::None, |b| Bias::Column(values(b)));
        let (rows, columns) = (Offsets::stride(x.height(), outputs), Offsets::stride(outputs, 1));
        let y = fresh::values(x.height() * outputs, |y| {
            let output = Output::new(y, rows, columns, bias);
            gemm(isa(), &x.by_rows(), &weight.by_rows(), &output);
            // SAFETY: a product writes all of its output.
            unsafe { y.assume_init_mut() }
        });
        FlexTensor::new(Bytes::from_elems(y), Layout::contiguous(shape), DType::F32)
    }

    fn data_gradient(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        dy: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let (weight, dy) = (Matrix::of(weight), Matrix::of(dy));
        Matrix::of(x).like(|dx, rows, columns| {
            let output = Output::new(dx, rows, columns, Bias::None);
            gemm(isa(), &dy.by_rows(), &weight.by_columns(), &output);
            // SAFETY: a product writes all of its output.
            unsafe { dx.assume_init_mut() }
        })
    }

    fn weight_gradient(x: FloatTensor<Self>, dy: FloatTensor<Self>) -> FloatTensor<Self> {
        let (x, dy) = (Matrix::of(x), Matrix::of(dy));
        let (outputs, inputs) = (dy.width(), x.width());
        let (rows, columns) = (Offsets::stride(outputs, inputs), Offsets::stride(inputs, 1));
        written([outputs, inputs], |dweight| {
            let output = Output::new(dweight, rows, columns, Bias::None);
            gemm(isa(), &dy.by_columns(), &x.by_columns(), &output);
            // SAFETY: a product writes all of its output.
            unsafe { dweight.assume_init_mut() }
        })
    }

    fn bias_gradient(dy: FloatTensor<Self>) -> FloatTensor<Self> {
        let dy = contiguous(dy);
        let outputs = dy.layout().shape().iter().last().copied().unwrap_or(0);
        filled([outputs], |sums| crate::reduce::sum_rows(values(&dy), sums))
    }
}

/// What Burn's dispatch sees.
#[backend_extension(Flex, Autodiff)]
pub(crate) trait LinearOp: Backend {
    /// See [`linear`](crate::linear).
    fn linear_op(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        #[extension_type] bias: Maybe<Self>,
    ) -> FloatTensor<Self>;
}

impl LinearOp for Flex {
    fn linear_op(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: Maybe<Self>,
    ) -> FloatTensor<Self> {
        Self::forward(x, weight, bias.into_option())
    }
}

#[derive(Debug)]
struct LinearBackward;

impl<B: LinearKernels> Backward<B, 3> for LinearBackward {
    /// The nodes of `x` and the weight, and whether there is a bias.
    type State = (NodeId, NodeId, bool);

    fn backward(
        self,
        ops: Ops<Self::State, 3>,
        grads: &mut Gradients,
        checkpointer: &mut Checkpointer,
    ) {
        let [x_node, weight_node, bias_node] = ops.parents;
        let (x, weight, has_bias) = ops.state;
        let dy = grads.consume::<B>(&ops.node);
        let (x, weight): (FloatTensor<B>, FloatTensor<B>) =
            (checkpointer.retrieve_node_output(x), checkpointer.retrieve_node_output(weight));
        if let Some(node) = bias_node.filter(|_| has_bias) {
            grads.register::<B>(node.id, B::bias_gradient(dy.clone()));
        }
        if let Some(node) = weight_node {
            grads.register::<B>(node.id, B::weight_gradient(x.clone(), dy.clone()));
        }
        if let Some(node) = x_node {
            grads.register::<B>(node.id, B::data_gradient(x, weight, dy));
        }
    }
}

impl<B: LinearKernels, C: CheckpointStrategy> LinearOp for Autodiff<B, C> {
    fn linear_op(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: Maybe<Self>,
    ) -> FloatTensor<Self> {
        let bias: Option<FloatTensor<Self>> = bias.into_option();
        let has_bias = bias.is_some();
        // The node count is fixed: an absent bias is stood in for by the weight, whose node gets nothing through it.
        let parents = [x.node(), weight.node(), bias.as_ref().unwrap_or(&weight).node()];
        let inner = |bias: Option<FloatTensor<Self>>| bias.map(|b| b.into_primitive());
        match LinearBackward.prepare::<C>(parents).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let state = (prep.checkpoint(&x), prep.checkpoint(&weight), has_bias);
                prep.finish(
                    state,
                    B::forward(x.into_primitive(), weight.into_primitive(), inner(bias)),
                )
            }
            OpsKind::UnTracked(prep) => {
                prep.finish(B::forward(x.into_primitive(), weight.into_primitive(), inner(bias)))
            }
        }
    }
}

/// The operation on tensors of a backend that has it.
pub(super) fn run<const D: usize>(
    x: Tensor<D>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
) -> Tensor<D> {
    let bias = bias.map_or(Maybe::None, |b| Maybe::Some(b.into_dispatch()));
    Tensor::from_dispatch(<Dispatch as LinearOp>::linear_op(
        x.into_dispatch(),
        weight.into_dispatch(),
        bias,
    ))
}
