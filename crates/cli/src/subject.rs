//! MODEL on the command line: a run folder stands for the model inside it, any other folder for itself.

use std::path::{Path, PathBuf};

use langevin_models::{Model, OWN_FILE, PipelineClass};
use langevin_train::{RunFolder, TrainConfig};
use langevin_weights::atomic;
use langevin_weights::folder::{MODEL_INDEX, ModelFolder};

use crate::context::Context;
use crate::failure::{Failure, Hint, reason};

/// A model folder, and the run it came from where it lies in one.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    /// The diffusers folder, or a component's.
    pub(crate) model: PathBuf,
    /// The run around it.
    pub(crate) run: Option<RunFolder>,
    /// The variant of the weights that was asked for.
    variant: Option<String>,
    /// The folder of tokenizers that was given.
    tokenizers: Option<PathBuf>,
}

impl Subject {
    /// Finds the model that `given` stands for.
    pub(crate) fn find(given: &Path) -> Result<Self, Failure> {
        let subject =
            |model: PathBuf, run| Ok(Self { model, run, variant: None, tokenizers: None });
        let folder = atomic::existing(given);
        if !folder.join("run.json").exists() {
            return match std::fs::metadata(&folder) {
                Ok(_) => subject(folder, None),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    Err(Failure::failed(format!("{} does not exist", given.display()))
                        .hint("a model is a run folder or a diffusers folder; `langevin quickstart` makes one"))
                }
                Err(error) => Err(Failure::failed(format!("{} cannot be read: {}", given.display(), reason(&error)))),
            };
        }
        let run = RunFolder::at(&folder);
        run.info()?;
        let model = atomic::existing(run.model_path());
        if !model.join(MODEL_INDEX).exists() {
            return Err(Failure::failed(format!(
                "the run {} has saved no model yet",
                given.display()
            ))
            .hint(
                "a model is written with each checkpoint and when the run ends or is interrupted",
            ));
        }
        subject(model, Some(run))
    }

    /// The same, with the weights of a variant where there are some.
    pub(crate) fn with_variant(self, variant: Option<&str>) -> Self {
        Self { variant: variant.map(str::to_owned), ..self }
    }

    /// The same, with the tokenizers of another folder, for a model in one file.
    pub(crate) fn with_tokenizers(self, folder: Option<&Path>) -> Self {
        Self { tokenizers: folder.map(Path::to_owned), ..self }
    }

    /// Opens the folder or file; weights are not read yet.
    pub(crate) fn open(&self) -> Result<ModelFolder, langevin_weights::Error> {
        let model = ModelFolder::open(&self.model)?.with_variant(self.variant.as_deref());
        Ok(model.with_tokenizers(self.tokenizers.as_deref()))
    }

    /// Reads the model, and says what is worth saying about its weights.
    pub(crate) fn load(&self, context: &Context) -> Result<Model, Failure> {
        const HINT: &str =
            "`langevin info` says what a folder holds; MODEL is a run folder or a diffusers folder";
        let device = context.device();
        let ModelFolder::Pipeline(pipeline) = self.open().hint(HINT)? else {
            return Model::load(&self.model, &device).hint(HINT);
        };
        let model = Model::load_pipeline(&pipeline, &device).hint(HINT)?;
        pipeline.notes().iter().for_each(|note| context.note(note));
        Ok(model)
    }

    /// The configuration of the run, where there is one.
    pub(crate) fn configuration(&self) -> Result<Option<TrainConfig>, Failure> {
        Ok(self.run.as_ref().map(RunFolder::config).transpose()?)
    }

    /// Whether Langevin wrote the folder.
    pub(crate) fn is_own(&self) -> bool {
        self.run.is_some() || self.model.join(OWN_FILE).exists()
    }

    /// The configuration of the folder's scheduler.
    pub(crate) fn scheduler(&self) -> Result<langevin_schedulers::Config, Failure> {
        let ModelFolder::Pipeline(pipeline) = self.open()? else {
            return Err(Failure::failed(format!("{} holds no scheduler", self.model.display()))
                .hint("give the folder that holds model_index.json"));
        };
        let config = pipeline.component("scheduler")?.config().clone();
        Ok(langevin_schedulers::Config::new(config)?)
    }

    /// The class of pipeline that the folder is for Python.
    pub(crate) fn pipeline_class(&self) -> PipelineClass {
        match self.open() {
            Ok(ModelFolder::Pipeline(pipeline)) => {
                PipelineClass::named(pipeline.index().class_name().unwrap_or_default())
            }
            _ => PipelineClass::Other,
        }
    }
}
