//! Any network of this crate behind one forward pass.

use crate::layer::Dropout;
use crate::{ClassLabels, CompactUNet2D, Error, NetworkConfig, UNet2DModel, params};
use burn::module::Module;
use burn::tensor::{Int, Tensor};

/// A network with its parameters.
#[derive(Module, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "Burn has no module behind a box, and a network has few blocks"
)]
pub enum Network {
    /// `UNet2DModel` of diffusers.
    UNet2d(UNet2DModel),
    /// The compact U-Net.
    CompactUNet2d(CompactUNet2D),
}

/// Counts that describe a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkInfo {
    /// The value of `_class_name`.
    pub class_name: &'static str,
    /// Numbers in all parameters.
    pub parameters: usize,
    /// Numbers in the parameters of each top-level part, lists by element, in the order of the forward pass.
    pub blocks: Vec<(String, usize)>,
}

impl Network {
    /// Maps `sample [N, C, H, W]` at `timestep [N]` or `[1]`, with class indices `[N]` where the network has classes, to
    /// `[N, out, H, W]`. Nothing is dropped.
    ///
    /// # Panics
    /// When the inputs do not fit; [`Network::check_inputs`] tells beforehand, [`Network::try_forward`] does both.
    pub fn forward(
        &self,
        sample: Tensor<4>,
        timestep: Tensor<1>,
        class_labels: Option<Tensor<1, Int>>,
    ) -> Tensor<4> {
        self.run(sample, timestep, class_labels.map(ClassLabels::Index), &mut Dropout::Off)
    }

    /// [`Network::forward`] for training: with the probability in its configuration a network drops elements, by numbers
    /// of U[0, 1) with which `uniform` fills slices.
    ///
    /// # Panics
    /// As [`Network::forward`].
    pub fn forward_training(
        &self,
        sample: Tensor<4>,
        timestep: Tensor<1>,
        class_labels: Option<Tensor<1, Int>>,
        uniform: &mut dyn FnMut(&mut [f32]),
    ) -> Tensor<4> {
        self.run(sample, timestep, class_labels.map(ClassLabels::Index), &mut Dropout::On(uniform))
    }

    /// [`Network::forward`] for inputs of unknown origin, and for labels of every kind.
    ///
    /// # Errors
    /// [`Error::Input`] names the input that does not fit.
    pub fn try_forward(
        &self,
        sample: Tensor<4>,
        timestep: Tensor<1>,
        class_labels: Option<ClassLabels>,
    ) -> Result<Tensor<4>, Error> {
        self.check_inputs(sample.dims(), &timestep, class_labels.as_ref())?;
        Ok(self.run(sample, timestep, class_labels, &mut Dropout::Off))
    }

    /// Tells whether [`Network::forward`] accepts a sample of this shape, these timesteps and these labels.
    ///
    /// # Errors
    /// [`Error::Input`] names the input that does not fit.
    pub fn check_inputs(
        &self,
        sample: [usize; 4],
        timestep: &Tensor<1>,
        class_labels: Option<&ClassLabels>,
    ) -> Result<(), Error> {
        match self {
            Self::UNet2d(network) => network.check_inputs(sample, timestep, class_labels),
            Self::CompactUNet2d(network) => network.check_inputs(sample, timestep, class_labels),
        }
    }

    /// What the network was built from.
    pub fn config(&self) -> NetworkConfig {
        match self {
            Self::UNet2d(network) => NetworkConfig::UNet2d(network.config().clone()),
            Self::CompactUNet2d(network) => NetworkConfig::CompactUNet2d(network.config().clone()),
        }
    }

    /// Counts parameters, in all and by part.
    pub fn info(&self) -> NetworkInfo {
        let mut blocks: Vec<(String, usize)> = Vec::new();
        for param in params::list(self) {
            let mut path = param.name.split('.');
            let mut block = path.next().unwrap_or_default().to_owned();
            if let Some(index) = path.next().filter(|p| p.parse::<usize>().is_ok()) {
                block = format!("{block}.{index}");
            }
            let count = param.shape.iter().product::<usize>();
            match blocks.last_mut() {
                Some((name, total)) if *name == block => *total += count,
                _ => blocks.push((block, count)),
            }
        }
        let parameters = blocks.iter().map(|(_, count)| count).sum();
        NetworkInfo { class_name: self.config().class_name(), parameters, blocks }
    }

    fn run(
        &self,
        sample: Tensor<4>,
        timestep: Tensor<1>,
        class_labels: Option<ClassLabels>,
        dropout: &mut Dropout<'_>,
    ) -> Tensor<4> {
        match self {
            Self::UNet2d(network) => network.forward(sample, timestep, class_labels, dropout),
            Self::CompactUNet2d(network) => network.forward(sample, timestep, class_labels),
        }
    }
}
