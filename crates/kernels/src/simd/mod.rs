//! One source for every instruction set: kernels are written against [`Simd`], a vector of `f32` lanes, and compiled
//! once per instruction set by [`dispatch`], which enters a function carrying the matching target features.
//!
//! The numbers a kernel gives may differ between instruction sets in the last bits (fused or separate rounding, order of
//! lane sums); on one instruction set they never depend on threads or batches.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod exp;
mod exp2;
mod isa;
mod map;
#[cfg(target_arch = "aarch64")]
mod neon;
mod normal;
mod portable;
mod sums;

pub(crate) use exp::{exp, sigmoid, sigmoid_and_rest};
pub(crate) use exp2::exp2;
pub use isa::{Isa, isa, set_isa};
pub(crate) use map::{Lanes, update, write, write_each};
pub(crate) use normal::normal;
pub(crate) use sums::{largest, sums};

use isa::Kind;

/// A vector of `f32` lanes and its arithmetic. A value of an implementing type proves that the processor has the
/// instruction set, so all arithmetic is safe; only memory access is not.
pub(crate) trait Simd: Copy + Send + Sync + 'static {
    /// The vector.
    type V: Copy;
    /// Lanes of a vector.
    const LANES: usize;
    /// Rows of the matrix micro-tile kept in registers.
    const ROWS: usize;
    /// Vectors in each row of the micro-tile.
    const VECTORS: usize;

    /// `x` in every lane.
    fn splat(self, x: f32) -> Self::V;
    /// Reads `LANES` values.
    ///
    /// # Safety
    /// `from` is valid for reading `LANES` values; no alignment is needed.
    unsafe fn load(self, from: *const f32) -> Self::V;
    /// Writes `LANES` values.
    ///
    /// # Safety
    /// `to` is valid for writing `LANES` values; no alignment is needed.
    unsafe fn store(self, to: *mut f32, v: Self::V);
    /// Asks for the cache line at `at`, which may lie anywhere: a hint, where the instruction set has one.
    #[inline(always)]
    fn prefetch(self, _at: *const f32) {}
    /// `a + b`.
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a − b`.
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a · b`.
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a / b`.
    fn div(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a · b + c`, with one rounding where the processor has it.
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// `c − a · b`, with one rounding where the processor has it.
    fn nfma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// The larger value; `b` (so also its NaN) where the two do not compare.
    fn max(self, a: Self::V, b: Self::V) -> Self::V;
    /// The smaller value; `b` (so also its NaN) where the two do not compare.
    fn min(self, a: Self::V, b: Self::V) -> Self::V;
    /// `yes` in the lanes where `a < b`, `no` in the others, so also where either is NaN.
    fn select_less(self, a: Self::V, b: Self::V, yes: Self::V, no: Self::V) -> Self::V;
    /// Square root.
    fn sqrt(self, a: Self::V) -> Self::V;
    /// The nearest integer, ties to even; exact for magnitudes below 2²².
    fn round(self, a: Self::V) -> Self::V;
    /// `2^n` for integral `n` in −126 ..= 127, and zero for −127.
    fn pow2(self, n: Self::V) -> Self::V;
    /// Sum of the lanes, in a fixed order.
    fn sum(self, a: Self::V) -> f32;
    /// Transposes a square of `LANES × LANES` values whose rows lie anywhere: `to[j·to_stride + i] = from(i)[j]`. Write
    /// `#[inline(always)]` before the closure.
    ///
    /// # Safety
    /// All rows are valid, and do not overlap the square written.
    #[inline(always)]
    unsafe fn transpose_from(
        self,
        from: impl Fn(usize) -> *const f32,
        to: *mut f32,
        to_stride: usize,
    ) {
        for i in 0..Self::LANES {
            for j in 0..Self::LANES {
                // SAFETY: the caller vouches for rows and square.
                unsafe { *to.add(j * to_stride + i) = *from(i).add(j) };
            }
        }
    }

    /// Transposes a square of `LANES × LANES` values: `to[j·to_stride + i] = from[i·from_stride + j]`.
    ///
    /// # Safety
    /// Both squares are valid and do not overlap.
    #[inline(always)]
    unsafe fn transpose(
        self,
        from: *const f32,
        from_stride: usize,
        to: *mut f32,
        to_stride: usize,
    ) {
        // SAFETY: the caller vouches for both squares.
        unsafe {
            self.transpose_from(
                #[inline(always)]
                |i| from.wrapping_add(i * from_stride),
                to,
                to_stride,
            );
        }
    }
}

/// Work that [`dispatch`] compiles for each instruction set. `run` must be `#[inline(always)]`.
pub(crate) trait Kernel {
    /// What the work returns.
    type Output;
    /// Does the work with the vectors of `s`.
    fn run<S: Simd>(self, s: S) -> Self::Output;
}

/// Lanes of the vectors of `isa`.
pub(crate) fn lanes(isa: Isa) -> usize {
    struct Ask;
    impl Kernel for Ask {
        type Output = usize;
        #[inline(always)]
        fn run<S: Simd>(self, _: S) -> usize {
            S::LANES
        }
    }
    dispatch(isa, Ask)
}

/// Runs `kernel` compiled for `isa`.
#[inline]
pub(crate) fn dispatch<K: Kernel>(isa: Isa, kernel: K) -> K::Output {
    match isa.0 {
        Kind::Portable => kernel.run(portable::Portable::<4, 4, 2>),
        #[cfg(test)]
        Kind::LikeAvx512 => kernel.run(portable::Portable::<16, 12, 2>),
        #[cfg(test)]
        Kind::LikeNeon => kernel.run(portable::Portable::<4, 12, 2>),
        // SAFETY: an `Isa` of this kind exists only where the processor was found to have it.
        #[cfg(target_arch = "x86_64")]
        Kind::Avx2 => unsafe { avx2::run(kernel) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Kind::Avx512 => unsafe { avx512::run(kernel) },
        // SAFETY: as above.
        #[cfg(target_arch = "aarch64")]
        Kind::Neon => unsafe { neon::run(kernel) },
    }
}
