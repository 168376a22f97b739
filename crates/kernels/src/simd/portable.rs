//! Plain Rust on arrays, which compilers turn into whatever vectors the target has by default. Products and sums are
//! rounded separately: a fused multiply-add without hardware is a slow library call.

use super::Simd;

/// The instruction set every processor has, with `L` lanes and register tiles of `R` rows by `N` vectors. Tests also use
/// it in the shapes of instruction sets that the processor at hand has not.
#[derive(Clone, Copy)]
pub(super) struct Portable<const L: usize, const R: usize, const N: usize>;

#[inline(always)]
fn zip<const L: usize>(a: [f32; L], b: [f32; L], f: impl Fn(f32, f32) -> f32) -> [f32; L] {
    std::array::from_fn(
        #[inline(always)]
        |i| f(a[i], b[i]),
    )
}

impl<const L: usize, const R: usize, const N: usize> Simd for Portable<L, R, N> {
    type V = [f32; L];
    const LANES: usize = L;
    const ROWS: usize = R;
    const VECTORS: usize = N;

    #[inline(always)]
    fn splat(self, x: f32) -> [f32; L] {
        [x; L]
    }
    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> [f32; L] {
        // SAFETY: the caller vouches for L readable values.
        unsafe { from.cast::<[f32; L]>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32, v: [f32; L]) {
        // SAFETY: the caller vouches for L writable values.
        unsafe { to.cast::<[f32; L]>().write_unaligned(v) }
    }
    #[inline(always)]
    fn add(self, a: [f32; L], b: [f32; L]) -> [f32; L] {
        zip(a, b, |a, b| a + b)
    }
    #[inline(always)]
    fn sub(self, a: [f32; L], b: [f32; L]) -> [f32; L] {
        zip(a, b, |a, b| a - b)
    }
    #[inline(always)]
    fn mul(self, a: [f32; L], b: [f32; L]) -> [f32; L] {
        zip(a, b, |a, b| a * b)
    }
    #[inline(always)]
    fn div(self, a: [f32; L], b: [f32; L]) -> [f32; L] {
        zip(a, b, |a, b| a / b)
    }
    #[inline(always)]
    fn fma(self, a: [f32; L], b: [f32; L], c: [f32; L]) -> [f32; L] {
        self.add(self.mul(a, b), c)
    }
    #[inline(always)]
    fn nfma(self, a: [f32; L], b: [f32; L], c: [f32; L]) -> [f32; L] {
        self.sub(c, self.mul(a, b))
    }
    #[inline(always)]
    fn max(self, a: [f32; L], b: [f32; L]) -> [f32; L] {
        zip(a, b, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    fn min(self, a: [f32; L], b: [f32; L]) -> [f32; L] {
        zip(a, b, |a, b| if a < b { a } else { b })
    }
    #[inline(always)]
    fn select_less(self, a: [f32; L], b: [f32; L], yes: [f32; L], no: [f32; L]) -> [f32; L] {
        std::array::from_fn(
            #[inline(always)]
            |i| if a[i] < b[i] { yes[i] } else { no[i] },
        )
    }
    #[inline(always)]
    fn sqrt(self, a: [f32; L]) -> [f32; L] {
        a.map(f32::sqrt)
    }
    #[inline(always)]
    fn round(self, a: [f32; L]) -> [f32; L] {
        // Adding and taking away 1.5 · 2²³ rounds to an integer in the default rounding mode.
        const MAGIC: f32 = 12_582_912.0;
        a.map(|a| (a + MAGIC) - MAGIC)
    }
    #[inline(always)]
    fn pow2(self, n: [f32; L]) -> [f32; L] {
        n.map(|n| f32::from_bits(((n as i32 + 127) as u32) << 23))
    }
    #[inline(always)]
    fn sum(self, a: [f32; L]) -> f32 {
        a.iter().sum()
    }
}
