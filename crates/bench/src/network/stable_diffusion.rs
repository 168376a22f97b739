//! The two costly parts of Stable Diffusion 1.5 at 512×512, with fresh weights: a guided step, and the decoding of the
//! latents.

use burn::tensor::{Device, Tensor, TensorData};
use langevin_core::rng::Philox;
use langevin_core::{Level, Prediction, State};
use langevin_nn::autoencoder_kl::{DownEncoderBlockType, UpDecoderBlockType};
use langevin_nn::unet_2d_condition::PerLevel;
use langevin_nn::{
    AutoencoderKLConfig, Conditions, Configuration, Init, UNet2DConditionConfig, params,
};

use crate::Result;
use crate::work::Work;

/// Purpose of the random stream of weights and inputs, in ASCII.
const WEIGHTS: u64 = u32::from_be_bytes(*b"sd15") as u64;

/// Sides of the latents of a picture of 512×512.
const SIDE: usize = 64;

/// A guided step of DDIM: the network on both branches at once, their combination, the next state.
pub(super) fn step(device: &Device) -> Result<Work> {
    let config =
        UNet2DConditionConfig { cross_attention_dim: PerLevel::All(768), ..Default::default() };
    let (network, parameters, mut random) = fresh(&config, device)?;
    let conditions = Conditions::context(normal([2, 77, 768], &mut random, device));
    let x = normal([1, 4, SIDE, SIDE], &mut random, device);
    let (here, next) = (Level::from_alpha_bar(0.08), Level::from_alpha_bar(0.10));
    // The next state of the first-order step, by the state and the noise that the network finds.
    let (from_state, from_noise) = Prediction::Noise.clean(here);
    let (from_state, from_noise) = (next.alpha * from_state, next.alpha * from_noise + next.sigma);
    let time = Tensor::<1>::from_floats([500.0], device);
    let run = move || {
        let output = network.forward(x.clone(), time.clone(), &conditions)?;
        let [free, told] = [0, 1].map(|i| output.clone().narrow(0, i, 1));
        let guided = free.clone() + (told - free) * 7.5;
        State::combine(&[(from_state, &x), (from_noise, &guided)])?;
        Ok(())
    };
    Ok(Work { parameters: Some(parameters), run: Box::new(run) })
}

/// A picture of latents.
pub(super) fn decode(device: &Device) -> Result<Work> {
    let config = AutoencoderKLConfig {
        block_out_channels: vec![128, 256, 512, 512],
        down_block_types: vec![DownEncoderBlockType::DownEncoderBlock2D; 4],
        up_block_types: vec![UpDecoderBlockType::UpDecoderBlock2D; 4],
        layers_per_block: 2,
        ..Default::default()
    };
    let (network, parameters, mut random) = fresh(&config, device)?;
    let latents = normal([1, 4, SIDE, SIDE], &mut random, device);
    let run = move || {
        network.decode(latents.clone())?;
        Ok(())
    };
    Ok(Work { parameters: Some(parameters), run: Box::new(run) })
}

/// A network of fresh weights, how many there are, and the random numbers after them.
fn fresh<C: Configuration>(config: &C, device: &Device) -> Result<(C::Network, usize, Philox)> {
    let mut random = Philox::new(0, WEIGHTS, 0);
    let network = config.init(&mut Init::new(device, &mut |out| random.fill_uniform(out)))?;
    let sizes = params::list(&network).into_iter().map(|p| p.shape.iter().product::<usize>());
    Ok((network, sizes.sum(), random))
}

fn normal<const D: usize>(shape: [usize; D], random: &mut Philox, device: &Device) -> Tensor<D> {
    let mut numbers = vec![0.0; shape.iter().product()];
    random.fill_normal(&mut numbers);
    Tensor::from_data(TensorData::new(numbers, shape), device)
}
