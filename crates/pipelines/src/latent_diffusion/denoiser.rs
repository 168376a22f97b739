//! The network of the latents: a transformer that knows classes, or a U-Net that knows none.

use burn::tensor::{Device, Int, Tensor, TensorData};
use langevin_nn::{
    ClassLabels, DiTConfig, DiTTransformer2DModel, Network, SampleSize, UNet2DConfig,
};
use langevin_weights::folder::Component;

use crate::{Error, Result, load};

/// The label that `DiTPipeline` takes for no class, however many classes there are.
const NULL_OF_DIFFUSERS: u32 = 1000;

/// A network with the shape of its latents.
#[derive(Debug)]
pub(super) enum Denoiser {
    /// Told the class.
    Transformer(Box<DiTTransformer2DModel>),
    /// Told nothing.
    UNet(Box<Network>, [usize; 3]),
}

impl Denoiser {
    pub(super) fn transformer(component: &Component, device: &Device) -> Result<Self> {
        let (config, network) = load::<DiTConfig>(component, device)?;
        check(component, [config.in_channels, config.outputs()])?;
        Ok(Self::Transformer(Box::new(network)))
    }

    pub(super) fn u_net(component: &Component, device: &Device) -> Result<Self> {
        let refused =
            |reason: String| Error::Component { path: component.folder().to_owned(), reason };
        let (config, network) = load::<UNet2DConfig>(component, device)?;
        check(component, [config.in_channels, config.out_channels])?;
        let Some(size) = config.sample_size else {
            return Err(refused(
                "sample_size is missing, so the size of pictures is unknown".to_owned(),
            ));
        };
        let [height, width] = SampleSize::sides(size);
        let network = Network::UNet2d(network);
        Ok(Self::UNet(Box::new(network), [config.in_channels, height, width]))
    }

    /// The shape `[C, h, w]` of the latents.
    pub(super) fn latent_shape(&self) -> [usize; 3] {
        match self {
            Self::Transformer(network) => {
                let config = network.config();
                [config.in_channels, config.sample_size, config.sample_size]
            }
            Self::UNet(_, shape) => *shape,
        }
    }

    /// How many classes there are, which is the label of no class as well.
    pub(super) fn classes(&self) -> Option<u32> {
        match self {
            Self::Transformer(network) => Some(
                u32::try_from(network.config().class_rows().saturating_sub(1)).unwrap_or(u32::MAX),
            ),
            Self::UNet(..) => None,
        }
    }

    /// The label of no class that Python's pipeline guides away from, where the class table has it.
    pub(super) fn null_of_diffusers(&self) -> Option<u32> {
        self.classes().map(|classes| NULL_OF_DIFFUSERS.min(classes))
    }

    /// The output for `x [N, C, h, w]`, one label for each where there are classes. What the
    /// transformer has learnt of variances is left out, as Python's pipeline leaves it out.
    pub(super) fn output(
        &self,
        x: Tensor<4>,
        timestep: f64,
        labels: Option<&[u32]>,
    ) -> Result<Tensor<4>, langevin_nn::Error> {
        let device = x.device();
        let time = Tensor::<1>::from_floats([timestep as f32], &device);
        let channels = x.dims()[1];
        let labels = labels.map(|labels| {
            let labels: Vec<i32> = labels.iter().map(|label| *label as i32).collect();
            let count = labels.len();
            ClassLabels::Index(Tensor::<1, Int>::from_data(
                TensorData::new(labels, [count]),
                &device,
            ))
        });
        match self {
            Self::Transformer(network) => {
                network.check_inputs(x.dims(), &time, labels.as_ref())?;
                Ok(network.forward(x, time, labels).narrow(1, 0, channels))
            }
            Self::UNet(network, _) => network.try_forward(x, time, labels),
        }
    }
}

/// Refuses other channels out than those in, or twice as many with a learned variance.
fn check(component: &Component, [inputs, outputs]: [usize; 2]) -> Result<()> {
    if outputs == inputs || outputs == 2 * inputs {
        return Ok(());
    }
    Err(Error::Component {
        path: component.folder().to_owned(),
        reason: format!(
            "out_channels is {outputs}, but must be {inputs}, or {} with a learned variance",
            2 * inputs
        ),
    })
}
