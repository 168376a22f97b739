//! Philox 4×32-10, a counter-based random generator.
//!
//! Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011), section 3.3:
//! ten rounds of multiplications turn a counter of four 32-bit words, under a key of two, into four random words.

use super::box_muller::box_muller;

/// How many blocks are computed together; their words lie side by side, so the rounds become vector code.
const LANES: usize = 8;

/// Multipliers of the first and the third word (Salmon et al., 2011, table 2).
const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];

/// What is added to the two words of the key from one round to the next: the golden ratio and √3 − 1.
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

/// A stream of random numbers named by (seed, purpose, index).
///
/// The key is the seed, low word first; the counter of block `b` is the four words
/// `[b, purpose, low half of index, high half of index]`.
/// A purpose says what the numbers are for (weights, noise, permutation, …): its 64 bits are folded to 32 by
/// xor of the two halves, so purposes below 2^32 never collide.
/// Streams with different names are independent; each holds 2^34 words and then repeats.
///
/// Single draws read the words of the blocks in turn; a fill starts at the next unread block and ends with a block.
///
/// ```
/// use langevin_core::rng::Philox;
///
/// let mut noise = [0.0; 784];
/// Philox::new(1, 0, 42).fill_normal(&mut noise);
/// let mut again = [0.0; 100];
/// Philox::new(1, 0, 42).fill_normal(&mut again);
/// assert_eq!(noise[..100], again);
/// ```
#[derive(Clone, Debug)]
pub struct Philox {
    key: [u32; 2],
    /// Counter of the next block.
    counter: [u32; 4],
    /// Words of the current block.
    words: [u32; 4],
    /// How many of them have been read.
    read: usize,
}

impl Philox {
    /// The stream of `seed` for `purpose` and `index`, at its start.
    pub const fn new(seed: u64, purpose: u64, index: u64) -> Self {
        let purpose = (purpose ^ (purpose >> 32)) as u32;
        Self {
            key: [seed as u32, (seed >> 32) as u32],
            counter: [0, purpose, index as u32, (index >> 32) as u32],
            words: [0; 4],
            read: 4,
        }
    }

    /// The next word: 32 random bits.
    pub fn next_u32(&mut self) -> u32 {
        if self.read == 4 {
            self.words = philox4x32(self.key, self.counter);
            self.counter[0] = self.counter[0].wrapping_add(1);
            self.read = 0;
        }
        let word = self.words[self.read];
        self.read += 1;
        word
    }

    /// Two words, the low half first.
    pub fn next_u64(&mut self) -> u64 {
        let low = u64::from(self.next_u32());
        u64::from(self.next_u32()) << 32 | low
    }

    /// A multiple of 2^-53 in \[0, 1): the high 53 bits of [`next_u64`](Self::next_u64).
    pub fn uniform(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// A standard normal number by Box–Muller from two [`uniform`](Self::uniform) numbers, of which only the
    /// cosine is used, so that no second number waits for the next call.
    pub fn normal(&mut self) -> f64 {
        let u = 1.0 - self.uniform();
        let v = self.uniform();
        box_muller(u, v).0
    }

    /// Fills `out` with multiples of 2^-24 in \[0, 1): the high 24 bits of one word for each number.
    pub fn fill_uniform(&mut self, out: &mut [f32]) {
        self.fill(out, |words| {
            words.map(|lane| lane.map(|word| (word >> 8) as f32 * (1.0 / 16_777_216.0)))
        });
    }

    /// Fills `out` with standard normal numbers, four from the four words `w` of each block:
    /// Box–Muller of `u = (w₀ + ½)/2^32`, `v = w₁/2^32` gives the first two (cosine, then sine),
    /// `w₂` and `w₃` the others.
    ///
    /// Computed in f64 and rounded. The largest possible magnitude is 6.77.
    pub fn fill_normal(&mut self, out: &mut [f32]) {
        const SCALE: f64 = 1.0 / 4_294_967_296.0;
        self.fill(out, |words| {
            let mut normals = [[0.0; LANES]; 4];
            for pair in [0, 2] {
                for lane in 0..LANES {
                    let u = (f64::from(words[pair][lane]) + 0.5) * SCALE;
                    let v = f64::from(words[pair + 1][lane]) * SCALE;
                    let (cos, sin) = box_muller(u, v);
                    normals[pair][lane] = cos as f32;
                    normals[pair + 1][lane] = sin as f32;
                }
            }
            normals
        });
    }

    /// A number in `0..n`, each with the same probability; 0 where `n` is 0.
    ///
    /// Lemire, "Fast random integer generation in an interval" (2019): the high half of `n` times 64 random bits,
    /// drawn again where the low half falls into the incomplete interval.
    pub fn below(&mut self, n: u64) -> u64 {
        let mut product = u128::from(self.next_u64()) * u128::from(n);
        if (product as u64) < n {
            let incomplete = n.wrapping_neg() % n;
            while (product as u64) < incomplete {
                product = u128::from(self.next_u64()) * u128::from(n);
            }
        }
        (product >> 64) as u64
    }

    /// Puts `items` into one of their orders, each with the same probability (Fisher–Yates, from the last item).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }

    /// Fills `out` with what `transform` makes of whole blocks, word by word.
    #[inline(always)]
    fn fill(
        &mut self,
        out: &mut [f32],
        transform: impl Fn([[u32; LANES]; 4]) -> [[f32; LANES]; 4],
    ) {
        for chunk in out.chunks_mut(4 * LANES) {
            let numbers = transform(rounds(self.key, counters(self.counter)));
            for (lane, block) in chunk.chunks_mut(4).enumerate() {
                for (number, word) in block.iter_mut().zip(&numbers) {
                    *number = word[lane];
                }
            }
            let blocks = chunk.len().div_ceil(4) as u32;
            self.counter[0] = self.counter[0].wrapping_add(blocks);
        }
        self.read = 4;
    }
}

/// Philox 4×32-10 itself: the four random words of `counter` under `key`.
pub fn philox4x32(key: [u32; 2], counter: [u32; 4]) -> [u32; 4] {
    rounds(key, counter.map(|word| [word])).map(|[word]| word)
}

/// The counters of the `LANES` blocks from `first` on.
#[inline(always)]
fn counters(first: [u32; 4]) -> [[u32; LANES]; 4] {
    let mut counters = first.map(|word| [word; LANES]);
    for (lane, block) in counters[0].iter_mut().enumerate() {
        *block = block.wrapping_add(lane as u32);
    }
    counters
}

/// Ten rounds on `N` counters at once, each spread over the four arrays.
#[inline(always)]
fn rounds<const N: usize>(
    mut key: [u32; 2],
    [mut x0, mut x1, mut x2, mut x3]: [[u32; N]; 4],
) -> [[u32; N]; 4] {
    for _ in 0..10 {
        for lane in 0..N {
            let a = u64::from(MULTIPLIERS[0]) * u64::from(x0[lane]);
            let b = u64::from(MULTIPLIERS[1]) * u64::from(x2[lane]);
            x0[lane] = (b >> 32) as u32 ^ x1[lane] ^ key[0];
            x1[lane] = b as u32;
            x2[lane] = (a >> 32) as u32 ^ x3[lane] ^ key[1];
            x3[lane] = a as u32;
        }
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    [x0, x1, x2, x3]
}
