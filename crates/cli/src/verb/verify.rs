//! `langevin verify MODEL --golden FILE.safetensors`: `max|ours − output| / max(1, max|output|)`.

use burn::tensor::Device;
use langevin_models::load_network;
use langevin_nn::CompactUNet2DConfig;
use langevin_pipelines::class_of;
use langevin_pipelines::golden::{self, Inputs, Output};
use langevin_weights::TensorFile;
use langevin_weights::folder::{Component, ModelFolder};
use serde_json::json;

use crate::args::verify::Verify;
use crate::context::Context;
use crate::failure::{Exit, Failure, Hint};
use crate::output::Outcome;
use crate::subject::Subject;

pub(crate) fn run(args: &Verify, context: &Context) -> Result<Outcome, Failure> {
    let component = component(&Subject::find(&args.model)?.with_variant(args.variant.as_deref()))?;
    let device = context.device();
    let golden = TensorFile::open(&args.golden)
        .hint("a golden is a safetensors file of inputs and `output`")?;
    let expected = golden
        .f32("output")
        .hint("a golden holds the inputs by name and the `output`; docs/networks.md lists them")?;
    let output = match class_of(&component) {
        // Langevin's own network, which no folder of Python's holds.
        Some(CompactUNet2DConfig::CLASS_NAME) => compact(&component, &golden, &device)?,
        _ => {
            let inputs = Inputs::new(&golden, &device);
            golden::run(&component, &inputs, &device).hint(
                "the golden has to fit the network; `langevin info` says what a folder holds",
            )?
        }
    };
    component.notes().iter().for_each(|note| context.note(note));
    if golden.shape("output")? != output.shape {
        let (found, ours) = (golden.shape("output")?, output.shape);
        return Err(Failure::failed(format!(
            "the tensor `output` has shape {found:?}, but the network's is {ours:?}"
        )));
    }
    let ours = output.values;
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

/// The denoiser of a pipeline, or the component itself.
fn component(subject: &Subject) -> Result<Component, Failure> {
    match subject
        .open()
        .hint("MODEL is a diffusers folder, a run folder or a component's folder")?
    {
        ModelFolder::Component(component) => Ok(component),
        ModelFolder::Pipeline(pipeline) => {
            let has = |name: &str| pipeline.components().any(|(known, _)| known == name);
            let name = ["transformer", "prior"].into_iter().find(|name| has(name));
            Ok(pipeline.component(name.unwrap_or("unet"))?)
        }
    }
}

/// The compact network on a recording.
fn compact(component: &Component, golden: &TensorFile, device: &Device) -> Result<Output, Failure> {
    let inputs = Inputs::new(golden, device);
    let (_, network) = load_network(component, device)?;
    let output = network
        .try_forward(inputs.tensor("sample")?, inputs.tensor("timestep")?, inputs.labels()?)
        .hint("the golden does not fit this network")?;
    Ok(Output::of(output)?)
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
