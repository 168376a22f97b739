//! Group normalisation as a Burn operation.

use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;

use super::slices::{self, Parameters, Shape};
use super::{Conditioning, GroupNormOptions};
use crate::flex::{contiguous, dims, filled, values, values_mut, written};
use crate::operation::{Operation, apply, places};
use crate::simd::isa;

/// The options, and which inputs there are of `x`, weight, bias, offset, scale and shift.
#[derive(Debug)]
struct GroupNorm {
    options: GroupNormOptions,
    present: [bool; 6],
}

/// The inputs in row-major order.
struct Inputs {
    x: FlexTensor,
    /// Weight, bias, offset, scale and shift.
    others: [Option<FlexTensor>; 5],
}

impl Inputs {
    fn shape(&self, options: &GroupNormOptions) -> Shape {
        let [images, channels, height, width] = dims(&self.x);
        let GroupNormOptions { groups, eps, silu } = *options;
        assert!(
            groups > 0 && channels.is_multiple_of(groups),
            "group_norm: {groups} groups do not divide {channels} channels"
        );
        let (affine, conditioning) = self.others.split_at(2);
        let fits = affine.iter().flatten().all(|t| dims::<1>(t) == [channels]);
        assert!(fits, "group_norm: weight and bias need {channels} values");
        let fits = conditioning.iter().flatten().all(|t| dims::<2>(t) == [images, channels]);
        assert!(fits, "group_norm: offset, scale and shift must be {images} × {channels}");
        Shape { images, channels, pixels: height * width, groups, eps, silu }
    }

    fn parameters(&self) -> Parameters<'_> {
        parameters(&self.others)
    }
}

fn parameters(others: &[Option<FlexTensor>; 5]) -> Parameters<'_> {
    let [weight, bias, offset, scale, shift] = others.each_ref().map(|t| t.as_ref().map(values));
    Parameters { weight, bias, offset, scale_shift: scale.zip(shift) }
}

impl GroupNorm {
    fn inputs(&self, inputs: Vec<FlexTensor>) -> Inputs {
        let inputs = inputs.into_iter().map(contiguous).collect();
        let [x, others @ ..] = places(self.present, inputs);
        Inputs { x: x.expect("x is always there"), others }
    }
}

impl Operation for GroupNorm {
    fn reads_inputs(&self) -> bool {
        true
    }

    fn forward(&self, inputs: Vec<FlexTensor>) -> (FlexTensor, Vec<FlexTensor>) {
        let inputs = self.inputs(inputs);
        let shape = inputs.shape(&self.options);
        let mut statistics = vec![0.0; shape.images * shape.groups * 2];
        let Inputs { mut x, others } = inputs;
        let parameters = parameters(&others);
        // Nobody else sees x: neither a backward pass nor a residual sum.
        let y = if let Some(values) = values_mut(&mut x) {
            slices::forward_in_place(isa(), shape, values, parameters, &mut statistics);
            x
        } else {
            written(dims::<4>(&x), |y| {
                slices::forward(isa(), shape, values(&x), parameters, y, &mut statistics)
            })
        };
        let statistics =
            filled([shape.images, shape.groups, 2], |s| s.copy_from_slice(&statistics));
        (y, vec![statistics])
    }

    fn backward(
        &self,
        inputs: Vec<FlexTensor>,
        kept: Vec<FlexTensor>,
        dy: FlexTensor,
    ) -> Vec<FlexTensor> {
        let [statistics] = kept.try_into().expect("the statistics were kept");
        let (inputs, dy) = (self.inputs(inputs), contiguous(dy));
        let (shape, parameters) = (inputs.shape(&self.options), inputs.parameters());
        let mut sums = vec![[0.0_f32; 3]; shape.images * shape.channels];
        let dx = written(dims::<4>(&inputs.x), |dx| {
            let (x, statistics, dy) = (values(&inputs.x), values(&statistics), values(&dy));
            slices::backward(isa(), shape, x, parameters, statistics, dy, dx, &mut sums)
        });
        // With m = 1 + scale: dweight = Σₙ m·Σδx̂, dbias = Σₙ m·Σδ, dscale = w·Σδx̂ + b·Σδ, dshift = Σδ, doffset = Σdx.
        let over_images = |which: usize| {
            filled([shape.channels], |out| {
                for (i, sums) in sums.iter().enumerate() {
                    let m = parameters.scale_shift.map_or(1.0, |(scale, _)| 1.0 + scale[i]);
                    out[i % shape.channels] += m * sums[which];
                }
            })
        };
        let per_image = |value: &dyn Fn(usize, [f32; 3]) -> f32| {
            filled([shape.images, shape.channels], |out| {
                let each = out.iter_mut().zip(&sums).enumerate();
                each.for_each(|(i, (o, s))| *o = value(i % shape.channels, *s));
            })
        };
        let scale = |c, [sum, hat, _]: [f32; 3]| {
            let (w, b) = parameters.affine(c);
            w * hat + b * sum
        };
        let [_, weight, bias, offset, scaled, _] = self.present;
        let optional = [
            weight.then(|| over_images(1)),
            bias.then(|| over_images(0)),
            offset.then(|| per_image(&|_, [_, _, dx]| dx)),
            scaled.then(|| per_image(&scale)),
            scaled.then(|| per_image(&|_, [sum, ..]| sum)),
        ];
        std::iter::once(dx).chain(optional.into_iter().flatten()).collect()
    }
}

/// The operation on tensors of the CPU backend.
pub(super) fn run(
    x: Tensor<4>,
    weight: Option<Tensor<1>>,
    bias: Option<Tensor<1>>,
    conditioning: Conditioning,
    options: &GroupNormOptions,
) -> Tensor<4> {
    let (scale, shift) = conditioning.scale_shift.unzip();
    let inputs = [
        Some(x.into_dispatch()),
        weight.map(Tensor::into_dispatch),
        bias.map(Tensor::into_dispatch),
        conditioning.offset.map(Tensor::into_dispatch),
        scale.map(Tensor::into_dispatch),
        shift.map(Tensor::into_dispatch),
    ];
    let present = inputs.each_ref().map(Option::is_some);
    let operation = GroupNorm { options: options.clone(), present };
    apply(operation, inputs.into_iter().flatten().collect())
}
