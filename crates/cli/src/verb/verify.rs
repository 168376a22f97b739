//! `langevin verify MODEL --golden FILE.safetensors`: `max|ours − output| / max(1, max|output|)`.

use burn::tensor::{Device, Int, Tensor, TensorData};
use langevin_models::load_network;
use langevin_nn::ClassLabels;
use langevin_weights::folder::{Component, ModelFolder};
use langevin_weights::{Dtype, TensorFile};
use serde_json::json;

use crate::args::verify::Verify;
use crate::context::Context;
use crate::failure::{Exit, Failure, Hint};
use crate::output::Outcome;
use crate::subject::Subject;

pub(crate) fn run(args: &Verify, context: &Context) -> Result<Outcome, Failure> {
    let component = component(&Subject::find(&args.model)?)?;
    let device = context.device();
    let golden = TensorFile::open(&args.golden)
        .hint("a golden is a safetensors file of inputs and `output`")?;
    let sample = tensor4(&golden, "sample", &device)?;
    let timestep = vector(&golden, "timestep", &device)?;
    let labels = class_labels(&golden, &device)?;
    let expected = values(&golden, "output")?;

    let (_, network) = load_network(&component, &device)?;
    let output = network
        .try_forward(sample, timestep, labels)
        .hint("the golden does not fit this network")?;
    if golden.shape("output")? != output.dims() {
        let (found, ours) = (golden.shape("output")?, output.dims());
        return Err(Failure::failed(format!(
            "the tensor `output` has shape {found:?}, but the network's is {ours:?}"
        )));
    }
    let ours = output
        .into_data()
        .try_into_vec::<f32>()
        .map_err(|error| Failure::failed(format!("{error:?}")))?;
    let error = relative_error(&ours, &expected);
    let pass = error <= args.tolerance;
    let text = format!(
        "{}: error {error:.3e}, tolerance {:.1e}",
        if pass { "pass" } else { "fail" },
        args.tolerance
    );
    let json = json!({ "max_error": error, "tolerance": args.tolerance, "pass": pass });
    Ok(Outcome { text, json, exit: if pass { Exit::Done } else { Exit::Failed } })
}

/// The network of a pipeline, or the component itself.
fn component(subject: &Subject) -> Result<Component, Failure> {
    match ModelFolder::open(&subject.model)
        .hint("MODEL is a diffusers folder, a run folder or a component's folder")?
    {
        ModelFolder::Component(component) => Ok(component),
        ModelFolder::Pipeline(pipeline) => Ok(pipeline.component("unet")?),
    }
}

/// A NaN on either side is no agreement: it makes the error infinite.
fn relative_error(ours: &[f32], expected: &[f32]) -> f64 {
    let largest = |values: &mut dyn Iterator<Item = f64>| {
        values.fold(0.0, |most: f64, x| if x.is_nan() { f64::INFINITY } else { most.max(x) })
    };
    let scale = largest(&mut expected.iter().map(|&x| f64::from(x).abs()));
    let error =
        largest(&mut ours.iter().zip(expected).map(|(&a, &b)| (f64::from(a) - f64::from(b)).abs()));
    if scale.is_finite() { error / scale.max(1.0) } else { f64::INFINITY }
}

fn values(golden: &TensorFile, name: &str) -> Result<Vec<f32>, Failure> {
    golden.f32(name).hint("a golden for a U-Net holds `sample`, `timestep`, `output` and, with classes, `class_labels`")
}

fn tensor4(golden: &TensorFile, name: &str, device: &Device) -> Result<Tensor<4>, Failure> {
    let values = values(golden, name)?;
    match *golden.shape(name)? {
        [n, c, h, w] => Ok(Tensor::from_data(TensorData::new(values, [n, c, h, w]), device)),
        ref shape => Err(Failure::failed(format!(
            "the tensor `{name}` has shape {shape:?}: expected [N, C, H, W]"
        ))),
    }
}

/// A scalar counts as one number for all.
fn vector(golden: &TensorFile, name: &str, device: &Device) -> Result<Tensor<1>, Failure> {
    let values = values(golden, name)?;
    match *golden.shape(name)? {
        [] | [_] => {
            let length = values.len();
            Ok(Tensor::from_data(TensorData::new(values, [length]), device))
        }
        ref shape => Err(Failure::failed(format!(
            "the tensor `{name}` has shape {shape:?}: expected [] or [N]"
        ))),
    }
}

/// Whole numbers are indices, other numbers values, and rows of numbers embeddings.
fn class_labels(golden: &TensorFile, device: &Device) -> Result<Option<ClassLabels>, Failure> {
    const NAME: &str = "class_labels";
    if !golden.contains(NAME) {
        return Ok(None);
    }
    let whole = !matches!(golden.dtype(NAME)?, Dtype::F16 | Dtype::BF16 | Dtype::F32 | Dtype::F64);
    Ok(Some(match *golden.shape(NAME)? {
        [n, dim] => {
            let values = values(golden, NAME)?;
            ClassLabels::Embedding(Tensor::from_data(TensorData::new(values, [n, dim]), device))
        }
        [] | [_] if whole => {
            let values = golden.i64(NAME)?;
            let length = values.len();
            ClassLabels::Index(Tensor::<1, Int>::from_data(
                TensorData::new(values, [length]),
                device,
            ))
        }
        _ => ClassLabels::Value(vector(golden, NAME, device)?),
    }))
}

#[cfg(test)]
mod tests {
    use super::relative_error;

    #[test]
    fn the_error_is_relative_to_large_outputs_only() {
        assert_eq!(relative_error(&[1.0, 2.5], &[1.0, 2.0]), 0.25);
        assert_eq!(relative_error(&[0.5], &[0.25]), 0.25);
        assert_eq!(relative_error(&[f32::NAN], &[0.25]), f64::INFINITY);
        assert_eq!(relative_error(&[0.25], &[f32::NAN]), f64::INFINITY);
    }
}
