//! Files that PyTorch's `torch.save` writes: zip archives and their older form, the pickles in them, and all tensors.

use super::{Target, safetensors};
use crate::repository::folder;
use crate::workplace::Workplace;
use crate::{Random, bytes};

pub(super) const TARGET: Target = Target {
    name: "torch",
    seeds,
    mutate,
    read,
    // The piecewise reader's buffers; what the machine of a pickle keeps, and numbers in 64 bits.
    memory: (512 << 10, 512),
};

static WORKPLACE: Workplace = Workplace::new();

fn seeds() -> Vec<Vec<u8>> {
    let recorded = folder("crates/weights/tests/golden/torch");
    recorded.into_iter().filter(|file| file.first() != Some(&b'{')).collect()
}

fn mutate(random: &mut Random, seed: &[u8], others: &[Vec<u8>]) -> Vec<u8> {
    let mut out = seed.to_vec();
    bytes::mutate(random, &mut out, others);
    out
}

fn read(bytes: &[u8]) -> bool {
    WORKPLACE.write("x.bin", bytes);
    safetensors::whole(&WORKPLACE.folder().join("x.bin"))
}
