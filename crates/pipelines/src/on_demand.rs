//! Networks that are read when they are first needed, and let go when nothing will need them any more: of a text encoder,
//! a denoiser and an autoencoder, which work one after the other, one is held at a time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use burn::tensor::Device;
use langevin_models::{Holding, check_component, load_component};
use langevin_nn::Configuration;
use langevin_weights::folder::Component;

use crate::load::expect_configuration;
use crate::{Error, Result};

/// A component's network, at hand or not.
#[derive(Debug)]
pub struct OnDemand<C: Configuration> {
    config: C,
    /// Where it is read from; `None` for a network that was changed since.
    source: Option<(Component, Device)>,
    held: Mutex<Option<Arc<C::Network>>>,
}

impl<C: Configuration> OnDemand<C> {
    /// The network of a component, whose class must be one of `C`: its configuration is read, and the names and shapes of
    /// its weights.
    ///
    /// # Errors
    /// Where the class is another, a tensor is missing, misshapen or left over, or a file is damaged.
    pub fn open(component: Component, device: &Device) -> Result<Self> {
        expect_configuration::<C>(&component)?;
        let config = check_component::<C>(&component, device)?;
        let source = Some((component, device.clone()));
        Ok(Self { config, source, held: Mutex::new(None) })
    }

    /// The configuration.
    pub fn config(&self) -> &C {
        &self.config
    }

    /// The network, which is held until [`OnDemand::release`].
    ///
    /// # Errors
    /// Where its weights cannot be read.
    pub fn get(&self) -> Result<Arc<C::Network>> {
        let mut held = self.lock();
        if let Some(network) = &*held {
            return Ok(Arc::clone(network));
        }
        let network = Arc::new(self.read()?);
        *held = Some(Arc::clone(&network));
        Ok(network)
    }

    /// Lets the network go, unless it was changed; it is read again when it is needed again.
    pub fn release(&self) {
        if self.source.is_some() {
            self.lock().take();
        }
    }

    /// The network after `change`; it is held from then on.
    ///
    /// # Errors
    /// Where its weights cannot be read, and those of `change`.
    pub fn changed(
        mut self,
        change: impl FnOnce(C::Network) -> Result<C::Network>,
    ) -> Result<Self> {
        let network = change(self.take()?)?;
        self.hold(network);
        Ok(self)
    }

    /// Changes the network where it lies; it is held from then on.
    ///
    /// # Errors
    /// Where its weights cannot be read, and those of `change`.
    pub fn change(&mut self, change: impl FnOnce(&mut C::Network) -> Result<()>) -> Result<()> {
        let mut network = self.take()?;
        let outcome = change(&mut network);
        self.hold(network);
        outcome
    }

    fn take(&mut self) -> Result<C::Network> {
        let held = self.lock().take().and_then(Arc::into_inner);
        held.map_or_else(|| self.read(), Ok)
    }

    fn hold(&mut self, network: C::Network) {
        self.held = Mutex::new(Some(Arc::new(network)));
        self.source = None;
    }

    fn read(&self) -> Result<C::Network> {
        let Some((component, device)) = &self.source else {
            return Err(Error::Tensor("a changed network was let go".to_owned()));
        };
        Ok(load_component::<C>(component, Holding::AsStored, device)?.1)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<C::Network>>> {
        // A panic elsewhere leaves a whole network or none.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use langevin_nn::AutoencoderKLConfig;

    use super::*;

    #[test]
    fn a_network_is_read_once_until_it_is_let_go_and_stays_once_changed() {
        let folder =
            concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/stable_diffusion/sd1/vae");
        let open = || {
            let component = Component::open(folder).expect("a component");
            OnDemand::<AutoencoderKLConfig>::open(component, &Device::flex()).expect("a network")
        };
        let vae = open();
        let first = vae.get().expect("weights");
        assert!(Arc::ptr_eq(&first, &vae.get().expect("weights")));
        vae.release();
        assert!(!Arc::ptr_eq(&first, &vae.get().expect("weights")));
        let vae = open().changed(Ok).expect("weights");
        let changed = vae.get().expect("the changed network");
        vae.release();
        assert!(Arc::ptr_eq(&changed, &vae.get().expect("the changed network")));
    }
}
