//! `Model { network, schedule, prediction }`: the only place that knows all three, for sampling and for training.

use burn::tensor::{Device, Int, Tensor, TensorData};
use langevin_core::rng::Philox;
use langevin_core::{Level, Schedule};
use langevin_nn::{Init, Network};

use crate::{Error, ModelConfig, Result};

/// Purpose number of the random stream that initialises weights.
const PURPOSE_INIT: u64 = 0x1217;

/// A network with what its numbers mean.
#[derive(Clone, Debug)]
pub struct Model {
    /// The network.
    pub network: Network,
    /// Everything but the weights.
    pub config: ModelConfig,
}

impl Model {
    /// A model with fresh weights, a pure function of the seed.
    pub fn init(config: ModelConfig, seed: u64, device: &Device) -> Result<Self> {
        config.check()?;
        let (inputs, outputs) = (config.network.in_channels(), config.network.out_channels());
        if outputs != inputs {
            return Err(Error::Value {
                name: "out_channels",
                found: outputs.to_string(),
                expected: "the same as in_channels in training, which learns no variance",
            });
        }
        let mut stream = Philox::new(seed, PURPOSE_INIT, 0);
        let mut uniform = |out: &mut [f32]| stream.fill_uniform(out);
        let network = config.network.init(&mut Init::new(device, &mut uniform))?;
        Ok(Self { network, config })
    }

    /// The network's output for a batch `x [N, C, H, W]` whose image `i` stands at `levels[i]` and has class
    /// `labels[i]`: it estimates `a · clean + b · noise` with the prediction's `(a, b)`.
    ///
    /// The network sees the input divided as its prediction asks (EDM), and the schedule's time of each level.
    /// Without labels, a model that has classes is given its null class.
    pub fn output(
        &self,
        x: Tensor<4>,
        levels: &[Level],
        labels: Option<&[u32]>,
    ) -> Result<Tensor<4>> {
        let n = x.dims()[0];
        if levels.len() != n {
            return Err(Error::Shape {
                name: "levels",
                found: vec![levels.len()],
                expected: vec![n],
            });
        }
        let timesteps: Vec<f32> =
            levels.iter().map(|&level| self.config.schedule.timestep(level) as f32).collect();
        let device = x.device();
        let x = self.scale_input(x, levels, &device);
        let channels = x.dims()[1];
        // Of a learned variance nothing is kept.
        Ok(self.told(x, &timesteps, labels)?.narrow(1, 0, channels))
    }

    /// The network's output, learned variances included, for inputs as it takes them: scaled, and with the timestep of each image.
    pub(crate) fn told(
        &self,
        x: Tensor<4>,
        timesteps: &[f32],
        labels: Option<&[u32]>,
    ) -> Result<Tensor<4>> {
        let (n, device) = (timesteps.len(), x.device());
        let times = Tensor::<1>::from_data(TensorData::new(timesteps.to_vec(), [n]), &device);
        let labels = self.label_tensor(n, labels, &device)?;
        Ok(self.network.forward(x, times, labels))
    }

    /// Multiplies each image by the factor its prediction asks for; nothing is done where all factors are 1.
    fn scale_input(&self, x: Tensor<4>, levels: &[Level], device: &Device) -> Tensor<4> {
        let factors: Vec<f32> =
            levels.iter().map(|&level| self.config.prediction.input_scale(level) as f32).collect();
        if factors.iter().all(|&f| f == 1.0) {
            return x;
        }
        let n = factors.len();
        x * Tensor::<1>::from_data(TensorData::new(factors, [n]), device).reshape([n, 1, 1, 1])
    }

    fn label_tensor(
        &self,
        n: usize,
        labels: Option<&[u32]>,
        device: &Device,
    ) -> Result<Option<Tensor<1, Int>>> {
        let Some(classes) = &self.config.classes else {
            return match labels.and_then(|l| l.first()) {
                Some(&class) => Err(Error::NoClasses { class }),
                None => Ok(None),
            };
        };
        let labels: Vec<i32> = match (labels, classes.null) {
            (Some(labels), null) => {
                if labels.len() != n {
                    return Err(Error::Shape {
                        name: "labels",
                        found: vec![labels.len()],
                        expected: vec![n],
                    });
                }
                if let Some(&class) =
                    labels.iter().find(|&&l| l >= classes.count() && Some(l) != null)
                {
                    return Err(Error::Class { class, last: classes.count().saturating_sub(1) });
                }
                labels.iter().map(|&l| l as i32).collect()
            }
            (None, Some(null)) => vec![null as i32; n],
            (None, None) => {
                return Err(Error::ClassNeeded { last: classes.count().saturating_sub(1) });
            }
        };
        Ok(Some(Tensor::from_data(TensorData::new(labels, [n]), device)))
    }
}
