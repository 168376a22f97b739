//! Files that PyTorch's `torch.save` writes: zip archives and their older form, the pickles in them, and all tensors.

use super::{Target, safetensors};
use crate::bytes;
use crate::repository::folder;
use crate::workplace::Workplace;

pub(super) const TARGET: Target = Target {
    name: "torch",
    seeds,
    mutate: bytes::damaged,
    read,
    // The piecewise reader's buffers; what the machine of a pickle keeps, and numbers in 64 bits.
    memory: (512 << 10, 512),
};

static WORKPLACE: Workplace = Workplace::new();

fn seeds() -> Vec<Vec<u8>> {
    let recorded = folder("crates/weights/tests/golden/torch");
    recorded.into_iter().filter(|file| file.first() != Some(&b'{')).collect()
}

fn read(bytes: &[u8]) -> bool {
    WORKPLACE.write("x.bin", bytes);
    safetensors::whole(&WORKPLACE.folder().join("x.bin"))
}
