//! The normal numbers of PyTorch's CPU generator.
//!
//! The bits are those of MT19937 (Matsumoto and Nishimura, "Mersenne Twister", 1998).
//! What `torch.randn` makes of them depends on how many numbers are asked for, and is described at
//! [`TorchGenerator::randn`].

use super::box_muller::{box_muller, ln, sin_cos_turns};
use std::f64::consts::TAU;

/// Words in the state of MT19937.
const STATE: usize = 624;

/// Distance of the word that each new word of the state is mixed with.
const SHIFT: usize = 397;

/// How many numbers PyTorch transforms together.
const BLOCK: usize = 16;

/// `torch.Generator("cpu").manual_seed(seed)`.
///
/// ```
/// use langevin_core::rng::TorchGenerator;
///
/// let mut noise = [0.0; 16];
/// TorchGenerator::new(0).randn(&mut noise);
/// assert!((noise[0] + 1.1258).abs() < 1e-4);
/// ```
#[derive(Clone, Debug)]
pub struct TorchGenerator {
    state: [u32; STATE],
    /// The next word of the state to be read.
    next: usize,
    /// The second number of a pair, kept for the next short draw.
    cached: Option<f64>,
}

impl TorchGenerator {
    /// The generator after `manual_seed(seed)`. PyTorch uses the low 32 bits of the seed only.
    pub fn new(seed: u64) -> Self {
        let mut state = [seed as u32; STATE];
        for i in 1..STATE {
            let previous = state[i - 1];
            state[i] =
                (previous ^ (previous >> 30)).wrapping_mul(1_812_433_253).wrapping_add(i as u32);
        }
        Self { state, next: STATE, cached: None }
    }

    /// Fills `out` with what `torch.randn(out.len(), generator=self)` returns.
    ///
    /// - Fewer than 16 numbers are Box–Muller pairs of 53-bit uniforms in f64; the second number of a pair waits
    ///   for the next such draw, even if longer draws come between.
    /// - From 16 numbers on, one 24-bit uniform is drawn for each number, then each block of 16 is transformed in
    ///   f32: number `j` and number `j + 8` become `r cos θ` and `r sin θ`, `r = √(−2 ln(1 − uⱼ))`, `θ = 2π uⱼ₊₈`.
    ///   Where the length is no multiple of 16, the last 16 numbers are then drawn again.
    ///
    /// The uniforms are PyTorch's to the bit, and so are short draws on all numbers tried.
    /// In long draws PyTorch's own logarithm, sine and cosine for AVX2 differ in the last bits: by at most 4.8e-7
    /// over 10^7 numbers of torch 2.15. Without AVX2, PyTorch rounds `θ` from an f64 product, not an f32 one,
    /// which is up to 2.3e-6 away, from here and from its own numbers with AVX2.
    pub fn randn(&mut self, out: &mut [f32]) {
        if out.len() < BLOCK {
            out.fill_with(|| self.paired_normal() as f32);
            return;
        }
        out.fill_with(|| self.uniform24());
        let (blocks, rest) = out.as_chunks_mut::<BLOCK>();
        blocks.iter_mut().for_each(transform);
        if !rest.is_empty()
            && let Some(last) = out.last_chunk_mut::<BLOCK>()
        {
            last.fill_with(|| self.uniform24());
            transform(last);
        }
    }

    /// A normal number in f64: the one that waits, or the first of a new pair.
    fn paired_normal(&mut self) -> f64 {
        self.cached.take().unwrap_or_else(|| {
            let v = self.uniform53();
            let u = 1.0 - self.uniform53();
            let (first, second) = box_muller(u, v);
            self.cached = Some(second);
            first
        })
    }

    /// The low 24 bits of a word, in \[0, 1).
    fn uniform24(&mut self) -> f32 {
        (self.next_u32() & 0x00FF_FFFF) as f32 * (1.0 / 16_777_216.0)
    }

    /// The low 53 bits of two words, the first of them the high one, in \[0, 1).
    fn uniform53(&mut self) -> f64 {
        let high = u64::from(self.next_u32());
        let bits = high << 32 | u64::from(self.next_u32());
        (bits & ((1 << 53) - 1)) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// The next 32 bits of MT19937.
    fn next_u32(&mut self) -> u32 {
        if self.next == STATE {
            self.twist();
        }
        let mut word = self.state[self.next];
        self.next += 1;
        word ^= word >> 11;
        word ^= (word << 7) & 0x9D2C_5680;
        word ^= (word << 15) & 0xEFC6_0000;
        word ^ (word >> 18)
    }

    /// Replaces the whole state by the next 624 words of the recurrence.
    fn twist(&mut self) {
        for i in 0..STATE {
            let joined =
                (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % STATE] & 0x7FFF_FFFF);
            let odd = if joined & 1 == 0 { 0 } else { 0x9908_B0DF };
            self.state[i] = self.state[(i + SHIFT) % STATE] ^ (joined >> 1) ^ odd;
        }
        self.next = 0;
    }
}

/// Uniform to normal numbers, in place, each operation rounded to f32 as PyTorch does.
fn transform(block: &mut [f32; BLOCK]) {
    let (first, second) = block.split_at_mut(BLOCK / 2);
    for (a, b) in first.iter_mut().zip(second) {
        let r = (-2.0 * ln(f64::from(1.0 - *a)) as f32).sqrt();
        let theta = TAU as f32 * *b;
        let (sin, cos) = sin_cos_turns(f64::from(theta) / TAU);
        *a = r * cos as f32;
        *b = r * sin as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::TorchGenerator;

    /// The C++ standard ([rand.predef]) gives the 10,000th word of `mt19937` with its default seed 5489.
    #[test]
    fn the_bits_are_those_of_mt19937() {
        let mut generator = TorchGenerator::new(5489);
        (1..10_000).for_each(|_| _ = generator.next_u32());
        assert_eq!(generator.next_u32(), 4_123_659_995);
    }
}
