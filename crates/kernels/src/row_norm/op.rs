//! Row normalisations as a Burn operation.

use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;

use super::Norm;
use super::slices::{self, Parameters, Shape, Sums};
use crate::flex::{contiguous, dims, filled, values, written};
use crate::operation::{Operation, apply, places};
use crate::simd::isa;

/// Which normalisation, and which inputs there are of `x`, weight, bias, scale and shift.
#[derive(Debug)]
struct RowNorm {
    norm: Norm,
    present: [bool; 5],
}

/// The inputs in row-major order.
struct Inputs {
    x: FlexTensor,
    /// Weight, bias, scale and shift.
    others: [Option<FlexTensor>; 4],
}

impl Inputs {
    /// Without a scale and shift, all rows count as of one image.
    fn shape(&self, norm: Norm) -> Shape {
        let sizes = self.x.layout().shape();
        let (&width, leading) = sizes.split_last().expect("a tensor has dimensions");
        let (affine, modulation) = self.others.split_at(2);
        let fits = affine.iter().flatten().all(|t| dims::<1>(t) == [width]);
        assert!(fits, "a norm of rows of {width} values needs a weight and bias of as many");
        let images = if modulation[0].is_some() {
            assert!(!leading.is_empty(), "a vector has no scale and shift of its own");
            leading[0]
        } else {
            1
        };
        let fits = modulation.iter().flatten().all(|t| dims::<2>(t) == [images, width]);
        assert!(fits, "a norm with scale and shift needs them to be {images} × {width}");
        let rows = leading.iter().product::<usize>().checked_div(images).unwrap_or(0);
        Shape { images, rows, width, centre: norm.centre, eps: norm.eps }
    }

    fn parameters(&self) -> Parameters<'_> {
        let [weight, bias, scale, shift] = self.others.each_ref().map(|t| t.as_ref().map(values));
        Parameters { weight, bias, scale_shift: scale.zip(shift) }
    }
}

impl RowNorm {
    fn inputs(&self, inputs: Vec<FlexTensor>) -> Inputs {
        let inputs = inputs.into_iter().map(contiguous).collect();
        let [x, others @ ..] = places(self.present, inputs);
        Inputs { x: x.expect("x is always there"), others }
    }
}

impl Operation for RowNorm {
    fn reads_inputs(&self) -> bool {
        true
    }

    fn forward(&self, inputs: Vec<FlexTensor>) -> (FlexTensor, Vec<FlexTensor>) {
        let inputs = self.inputs(inputs);
        let (shape, x) = (inputs.shape(self.norm), values(&inputs.x));
        let mut statistics = vec![0.0; shape.images * shape.rows * 2];
        let y = written(inputs.x.layout().shape().clone(), |y| {
            slices::forward(isa(), shape, x, inputs.parameters(), y, &mut statistics)
        });
        let statistics = filled([statistics.len()], |s| s.copy_from_slice(&statistics));
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
        let (shape, parameters) = (inputs.shape(self.norm), inputs.parameters());
        let Shape { images, width, .. } = shape;
        let mut sums = Sums::new(shape, self.present[1..].contains(&true));
        let dx = written(inputs.x.layout().shape().clone(), |dx| {
            let (x, statistics, dy) = (values(&inputs.x), values(&statistics), values(&dy));
            slices::backward(isa(), shape, x, parameters, statistics, dy, dx, &mut sums)
        });
        // With m = 1 + scale: dweight = Σₙ m·Σdy·x̂, dbias = Σₙ m·Σdy, dscale = w·Σdy·x̂ + b·Σdy, dshift = Σdy.
        let over_images = |value: &dyn Fn([f32; 2]) -> f32| {
            filled([width], |out| {
                for i in 0..images * width {
                    let m = parameters.scale_shift.map_or(1.0, |(scale, _)| 1.0 + scale[i]);
                    out[i % width] += m * value(sums.at(i));
                }
            })
        };
        let per_image = |value: &dyn Fn(usize, [f32; 2]) -> f32| {
            filled([images, width], |out| {
                out.iter_mut().enumerate().for_each(|(i, o)| *o = value(i % width, sums.at(i)));
            })
        };
        let scale = |c, [sum, hat]: [f32; 2]| {
            let (w, b) = parameters.affine(c);
            w * hat + b * sum
        };
        let [_, weight, bias, scaled, _] = self.present;
        let optional = [
            weight.then(|| over_images(&|[_, hat]| hat)),
            bias.then(|| over_images(&|[sum, _]| sum)),
            scaled.then(|| per_image(&scale)),
            scaled.then(|| per_image(&|_, [sum, _]| sum)),
        ];
        std::iter::once(dx).chain(optional.into_iter().flatten()).collect()
    }
}

/// The operation on tensors of the CPU backend.
pub(super) fn run<const D: usize>(
    norm: Norm,
    x: Tensor<D>,
    affine: [Option<Tensor<1>>; 2],
    scale_shift: Option<(Tensor<2>, Tensor<2>)>,
) -> Tensor<D> {
    let ([weight, bias], (scale, shift)) = (affine, scale_shift.unzip());
    let inputs = [
        Some(x.into_dispatch()),
        weight.map(Tensor::into_dispatch),
        bias.map(Tensor::into_dispatch),
        scale.map(Tensor::into_dispatch),
        shift.map(Tensor::into_dispatch),
    ];
    let present = inputs.each_ref().map(Option::is_some);
    apply(RowNorm { norm, present }, inputs.into_iter().flatten().collect())
}
