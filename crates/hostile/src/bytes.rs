//! Mutations of bytes, for files of any form.

use crate::Random;

/// No mutation grows a file beyond this.
const LONGEST: usize = 1 << 16;

/// Numbers at the edges of their types.
const EDGES: [u64; 12] = [
    0,
    1,
    7,
    8,
    0x7FFF_FFFF,
    0x8000_0000,
    0xFFFF_FFFF,
    1 << 32,
    100_000_000,
    i64::MAX as u64,
    1 << 63,
    u64::MAX,
];

/// Characters that mean something to some reader.
const CHARACTERS: &[u8] = b"{}[]\",:0-1e.\\ \n\0\xff\xc3aNI";

/// A copy of `seed` damaged in a few places.
pub(crate) fn damaged(random: &mut Random, seed: &[u8], others: &[Vec<u8>]) -> Vec<u8> {
    let mut out = seed.to_vec();
    mutate(random, &mut out, others);
    out
}

/// Damages `bytes` in a few places.
pub(crate) fn mutate(random: &mut Random, bytes: &mut Vec<u8>, seeds: &[Vec<u8>]) {
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        let run = random.below(16.min(bytes.len() - at) + 1);
        match random.below(9) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 if at < bytes.len() => bytes[at] = random.next() as u8,
            2 => bytes.insert(at, *random.pick(CHARACTERS)),
            3 => drop(bytes.drain(at..at + run)),
            4 => bytes.truncate(at),
            5 => {
                let piece = bytes[at..at + run].to_vec();
                let most = if random.once_in(16) { 500 } else { 4 };
                let times = 1 + random.below(most);
                bytes.splice(at..at, piece.repeat(times));
            }
            6 => {
                let edge = random.pick(&EDGES).to_le_bytes();
                let width = *random.pick(&[1, 2, 4, 8]);
                for (byte, value) in bytes[at..].iter_mut().zip(&edge[..width]) {
                    *byte = *value;
                }
            }
            7 if !seeds.is_empty() => {
                let other = random.pick(seeds);
                let from = random.below(other.len() + 1);
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
            _ => bytes.extend_from_slice(&random.pick(&EDGES).to_le_bytes()),
        }
    }
    bytes.truncate(LONGEST);
}
