//! The image encoder of pipelines that are shown a picture instead of a prompt (Lambda Labs 2022, image variations).

use burn::tensor::{Device, Tensor};
use langevin_nn::{CLIPVisionConfig, CLIPVisionModel};
use langevin_weights::folder::Pipeline;

use crate::clip_picture::ClipPicture;
use crate::{Error, Init, Result, load};

/// From pictures to embeddings.
#[derive(Debug)]
pub(crate) struct Sight {
    processor: ClipPicture,
    /// Height and width of the pictures that it takes.
    side: usize,
    model: CLIPVisionModel,
}

impl Sight {
    /// Reads a pipeline's image encoder and what prepares pictures for it.
    pub(super) fn load(pipeline: &Pipeline, device: &Device) -> Result<Self> {
        let component = pipeline.component("image_encoder")?;
        let (config, model) = load::<CLIPVisionConfig>(&component, device)?;
        if !config.projects() {
            return Err(Error::Component {
                path: component.folder().to_owned(),
                reason: "the image encoder has no projection".to_owned(),
            });
        }
        let processor = ClipPicture::open(&pipeline.folder().join("feature_extractor"))?;
        Ok(Self { processor, side: config.image_size, model })
    }

    /// The embedding `[1, P]` of a picture.
    pub(super) fn see(&self, init: &Init, device: &Device) -> Result<Tensor<2>> {
        let output =
            self.model.try_forward(self.processor.pixels(init.picture(), self.side, device)?)?;
        output
            .image_embeds
            .ok_or_else(|| Error::Tensor("the image encoder gave no projection".to_owned()))
    }
}
