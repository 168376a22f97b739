//! Group normalisation as a Burn operation with its own gradient.

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::autodiff::{Autodiff, NodeId};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;

use super::GroupNormOptions;
use super::slices::{self, Affine, Shape};
use crate::flex::{Maybe, contiguous, dims, filled, values};
use crate::simd::isa;

/// Inputs: `x`, weight, bias and, where there is modulation, scale and shift.
pub(crate) struct Inputs<B: Backend> {
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    scale_shift: Option<(FloatTensor<B>, FloatTensor<B>)>,
}

/// Gradients of [`Inputs`]; `scale` and `shift` are `[N, C]` and meaningful only with modulation.
pub(crate) struct InputGradients<B: Backend> {
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    scale: FloatTensor<B>,
    shift: FloatTensor<B>,
}

/// Group normalisation and its gradient on one backend's own tensors.
pub(crate) trait GroupNormKernels: Backend {
    /// `y`, and the statistics that the backward pass wants.
    fn forward(
        inputs: Inputs<Self>,
        options: &GroupNormOptions,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
    /// All gradients.
    fn backward(
        inputs: Inputs<Self>,
        statistics: FloatTensor<Self>,
        dy: FloatTensor<Self>,
        options: &GroupNormOptions,
    ) -> InputGradients<Self>;
}

impl Inputs<Flex> {
    fn contiguous(self) -> Self {
        Self {
            x: contiguous(self.x),
            weight: contiguous(self.weight),
            bias: contiguous(self.bias),
            scale_shift: self
                .scale_shift
                .map(|(scale, shift)| (contiguous(scale), contiguous(shift))),
        }
    }

    fn shape(&self, options: &GroupNormOptions) -> Shape {
        let [images, channels, height, width] = dims(&self.x);
        let GroupNormOptions { groups, eps, silu } = *options;
        assert!(
            groups > 0 && channels.is_multiple_of(groups),
            "group_norm: {groups} groups do not divide {channels} channels"
        );
        let fits = values(&self.weight).len() == channels && values(&self.bias).len() == channels;
        assert!(fits, "group_norm: weight and bias need {channels} values");
        if let Some((scale, shift)) = &self.scale_shift {
            let fits = [scale, shift].iter().all(|t| dims::<2>(t) == [images, channels]);
            assert!(fits, "group_norm: scale and shift must be {images} × {channels}");
        }
        Shape { images, channels, pixels: height * width, groups, eps, silu }
    }

    fn affine(&self) -> Affine<'_> {
        let scale_shift =
            self.scale_shift.as_ref().map(|(scale, shift)| (values(scale), values(shift)));
        Affine { weight: values(&self.weight), bias: values(&self.bias), scale_shift }
    }
}

impl GroupNormKernels for Flex {
    fn forward(
        inputs: Inputs<Self>,
        options: &GroupNormOptions,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let inputs = inputs.contiguous();
        let shape = inputs.shape(options);
        let mut statistics = vec![0.0; shape.images * shape.groups * 2];
        let y = filled(dims::<4>(&inputs.x), |y| {
            slices::forward(isa(), shape, values(&inputs.x), inputs.affine(), y, &mut statistics);
        });
        (y, filled([shape.images, shape.groups, 2], |s| s.copy_from_slice(&statistics)))
    }

    fn backward(
        inputs: Inputs<Self>,
        statistics: FloatTensor<Self>,
        dy: FloatTensor<Self>,
        options: &GroupNormOptions,
    ) -> InputGradients<Self> {
        let inputs = inputs.contiguous();
        let shape = inputs.shape(options);
        let (statistics, dy) = (contiguous(statistics), contiguous(dy));
        let affine = inputs.affine();
        let mut sums = vec![[0.0_f32; 2]; shape.images * shape.channels];
        let x = filled(dims::<4>(&inputs.x), |dx| {
            let (x, statistics, dy) = (values(&inputs.x), values(&statistics), values(&dy));
            slices::backward(isa(), shape, x, affine, statistics, dy, dx, &mut sums);
        });
        // With modulation m = 1 + scale: dweight = Σₙ m·Σδx̂, dbias = Σₙ m·Σδ, dscale = w·Σδx̂ + b·Σδ, dshift = Σδ.
        let modulation = |i: usize| affine.scale_shift.map_or(1.0, |(scale, _)| 1.0 + scale[i]);
        let over_images = |which: usize| {
            filled([shape.channels], |out| {
                for (i, sums) in sums.iter().enumerate() {
                    out[i % shape.channels] += modulation(i) * sums[which];
                }
            })
        };
        let (weight, bias) = (over_images(1), over_images(0));
        let rows = if affine.scale_shift.is_some() { shape.images } else { 0 };
        let per_image = |value: &dyn Fn(usize, [f32; 2]) -> f32| {
            filled([rows, shape.channels], |out| {
                out.iter_mut()
                    .zip(&sums)
                    .enumerate()
                    .for_each(|(i, (o, s))| *o = value(i % shape.channels, *s));
            })
        };
        let scale = per_image(&|c, [sum, hat]| affine.weight[c] * hat + affine.bias[c] * sum);
        let shift = per_image(&|_, [sum, _]| sum);
        InputGradients { x, weight, bias, scale, shift }
    }
}

/// What Burn's dispatch sees.
#[backend_extension(Flex, Autodiff)]
pub(crate) trait GroupNormOp: Backend {
    /// See [`group_norm`](crate::group_norm).
    fn group_norm_op(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        #[extension_type] scale: Maybe<Self>,
        #[extension_type] shift: Maybe<Self>,
        options: GroupNormOptions,
    ) -> FloatTensor<Self>;
}

impl GroupNormOp for Flex {
    fn group_norm_op(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        scale: Maybe<Self>,
        shift: Maybe<Self>,
        options: GroupNormOptions,
    ) -> FloatTensor<Self> {
        let scale_shift = scale.into_option().zip(shift.into_option());
        Self::forward(Inputs { x, weight, bias, scale_shift }, &options).0
    }
}

/// The nodes of the inputs, the statistics, and whether there is modulation.
#[derive(Clone, Debug)]
struct State<T> {
    x: NodeId,
    weight: NodeId,
    bias: NodeId,
    scale_shift: Option<(NodeId, NodeId)>,
    statistics: T,
    options: GroupNormOptions,
}

#[derive(Debug)]
struct GroupNormBackward;

impl<B: GroupNormKernels> Backward<B, 5> for GroupNormBackward {
    type State = State<FloatTensor<B>>;

    fn backward(
        self,
        ops: Ops<Self::State, 5>,
        grads: &mut Gradients,
        checkpointer: &mut Checkpointer,
    ) {
        let [x, weight, bias, scale, shift] = ops.parents;
        let state = ops.state;
        let dy = grads.consume::<B>(&ops.node);
        let modulated = state.scale_shift.is_some();
        let inputs = Inputs::<B> {
            x: checkpointer.retrieve_node_output(state.x),
            weight: checkpointer.retrieve_node_output(state.weight),
            bias: checkpointer.retrieve_node_output(state.bias),
            scale_shift: state.scale_shift.map(|(a, b)| {
                (checkpointer.retrieve_node_output(a), checkpointer.retrieve_node_output(b))
            }),
        };
        let d = <B as GroupNormKernels>::backward(inputs, state.statistics, dy, &state.options);
        let modulation = [(scale, d.scale), (shift, d.shift)].into_iter().filter(|_| modulated);
        for (node, gradient) in
            [(x, d.x), (weight, d.weight), (bias, d.bias)].into_iter().chain(modulation)
        {
            if let Some(node) = node {
                grads.register::<B>(node.id, gradient);
            }
        }
    }
}

impl<B: GroupNormKernels, C: CheckpointStrategy> GroupNormOp for Autodiff<B, C> {
    fn group_norm_op(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        scale: Maybe<Self>,
        shift: Maybe<Self>,
        options: GroupNormOptions,
    ) -> FloatTensor<Self> {
        let scale_shift = scale.into_option().zip(shift.into_option());
        // The node count is fixed: absent modulation is stood in for by the bias, whose node gets nothing through it.
        let (scale_node, shift_node) = scale_shift.as_ref().map_or((&bias, &bias), |(a, b)| (a, b));
        let parents = [x.node(), weight.node(), bias.node(), scale_node.node(), shift_node.node()];
        let inner = |x: FloatTensor<Self>,
                     weight: FloatTensor<Self>,
                     bias: FloatTensor<Self>,
                     scale_shift| Inputs {
            x: x.into_primitive(),
            weight: weight.into_primitive(),
            bias: bias.into_primitive(),
            scale_shift: Option::map(
                scale_shift,
                |(a, b): (FloatTensor<Self>, FloatTensor<Self>)| {
                    (a.into_primitive(), b.into_primitive())
                },
            ),
        };
        match GroupNormBackward.prepare::<C>(parents).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let (x_id, weight_id, bias_id) =
                    (prep.checkpoint(&x), prep.checkpoint(&weight), prep.checkpoint(&bias));
                let modulation =
                    scale_shift.as_ref().map(|(a, b)| (prep.checkpoint(a), prep.checkpoint(b)));
                let (y, statistics) = B::forward(inner(x, weight, bias, scale_shift), &options);
                let state = State {
                    x: x_id,
                    weight: weight_id,
                    bias: bias_id,
                    scale_shift: modulation,
                    statistics,
                    options,
                };
                prep.finish(state, y)
            }
            OpsKind::UnTracked(prep) => {
                prep.finish(B::forward(inner(x, weight, bias, scale_shift), &options).0)
            }
        }
    }
}

/// The operation on tensors of a backend that has it.
pub(super) fn run(
    x: Tensor<4>,
    weight: Tensor<1>,
    bias: Tensor<1>,
    scale_shift: Option<(Tensor<2>, Tensor<2>)>,
    options: &GroupNormOptions,
) -> Tensor<4> {
    let (scale, shift) = match scale_shift {
        Some((scale, shift)) => {
            (Maybe::Some(scale.into_dispatch()), Maybe::Some(shift.into_dispatch()))
        }
        None => (Maybe::None, Maybe::None),
    };
    let (x, weight, bias) = (x.into_dispatch(), weight.into_dispatch(), bias.into_dispatch());
    Tensor::from_dispatch(<Dispatch as GroupNormOp>::group_norm_op(
        x,
        weight,
        bias,
        scale,
        shift,
        options.clone(),
    ))
}
