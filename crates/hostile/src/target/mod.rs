//! The readers, one in each file.

mod index;
mod lora;
mod model_index;
#[cfg(feature = "networks")]
mod network_config;
mod safetensors;
mod scheduler_config;
#[cfg(feature = "networks")]
mod spiece;
#[cfg(feature = "networks")]
mod tokenizer;
mod torch;
#[cfg(feature = "networks")]
mod vocabulary;

use crate::{Random, corpus, json};

/// Makes a hostile file out of a seed and, for parts, the other seeds.
pub type Mutation = fn(&mut Random, &[u8], &[Vec<u8>]) -> Vec<u8>;

/// One reader of files that others wrote.
#[derive(Debug)]
pub struct Target {
    /// The name on the command line, of the folder in `fuzz/corpus`, and of the program in `fuzz/`.
    pub name: &'static str,
    /// Files to start from.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Makes a hostile file out of a seed; the other seeds may lend parts.
    pub mutate: Mutation,
    /// Reads a file; whether it was accepted.
    pub read: fn(&[u8]) -> bool,
    /// The bytes of memory that any file warrants, and those for each byte of the file.
    pub memory: (usize, usize),
}

/// Files longer than this are mutated less often.
const LONG: usize = 2048;

/// All readers.
pub const TARGETS: &[Target] = &[
    safetensors::TARGET,
    torch::TARGET,
    lora::TARGET,
    index::TARGET,
    model_index::TARGET,
    scheduler_config::TARGET,
    #[cfg(feature = "networks")]
    network_config::TARGET,
    #[cfg(feature = "networks")]
    tokenizer::TARGET,
    #[cfg(feature = "networks")]
    vocabulary::TARGET,
    #[cfg(feature = "networks")]
    spiece::TARGET,
];

impl Target {
    /// The target of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        TARGETS.iter().find(|target| target.name == name)
    }

    /// Reads a file with the target of that name.
    ///
    /// # Panics
    /// Where there is none, and where the reader has a fault.
    pub fn read_as(name: &str, bytes: &[u8]) {
        (Self::named(name).expect("a target of that name").read)(bytes);
    }

    /// The seeds and the committed hostile files, but for those whose names say that they are slow: the tests read them,
    /// their like would take all of a long run's time.
    pub fn beginnings(&self) -> Vec<Vec<u8>> {
        let quick = corpus(self.name).into_iter().filter(|(name, _)| !name.starts_with("slow_"));
        let hostile = quick.map(|(_, bytes)| bytes);
        (self.seeds)().into_iter().chain(hostile).collect()
    }

    /// The hostile file of one run.
    pub fn file(&self, seed: u64, run: u64, beginnings: &[Vec<u8>]) -> Vec<u8> {
        let mut random = Random::new(seed, run);
        let mut from = random.pick(beginnings);
        // Long files make slow runs: each is taken, but seldom.
        while from.len() > LONG && !random.once_in(16) {
            from = random.pick(beginnings);
        }
        (self.mutate)(&mut random, from, beginnings)
    }

    /// The most memory that reading a file of so many bytes may take.
    pub fn allowance(&self, length: usize) -> usize {
        self.memory.0 + self.memory.1 * length
    }
}
