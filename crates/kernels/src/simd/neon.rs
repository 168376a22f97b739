//! NEON: four lanes, thirty-two registers.

use std::arch::aarch64::*;

use super::{Kernel, Simd};

/// Proof that the processor has NEON.
#[derive(Clone, Copy)]
pub(super) struct Neon(());

/// Runs `kernel` in a function compiled for NEON.
///
/// # Safety
/// The processor has NEON.
#[target_feature(enable = "neon")]
pub(super) unsafe fn run<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(Neon(()))
}

/// Calls intrinsics that need nothing but the instruction set.
macro_rules! have {
    ($e:expr) => {
        // SAFETY: `self` proves that the processor has the instruction set.
        unsafe { $e }
    };
}

impl Simd for Neon {
    type V = float32x4_t;
    const LANES: usize = 4;
    const ROWS: usize = 12;
    const VECTORS: usize = 2;

    #[inline(always)]
    fn splat(self, x: f32) -> float32x4_t {
        have!(vdupq_n_f32(x))
    }
    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> float32x4_t {
        // SAFETY: the caller vouches for the memory, `self` for the instruction set.
        unsafe { vld1q_f32(from) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32, v: float32x4_t) {
        // SAFETY: the caller vouches for the memory, `self` for the instruction set.
        unsafe { vst1q_f32(to, v) }
    }
    #[inline(always)]
    fn add(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        have!(vaddq_f32(a, b))
    }
    #[inline(always)]
    fn sub(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        have!(vsubq_f32(a, b))
    }
    #[inline(always)]
    fn mul(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        have!(vmulq_f32(a, b))
    }
    #[inline(always)]
    fn div(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        have!(vdivq_f32(a, b))
    }
    #[inline(always)]
    fn fma(self, a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t {
        have!(vfmaq_f32(c, a, b))
    }
    #[inline(always)]
    fn nfma(self, a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t {
        have!(vfmsq_f32(c, a, b))
    }
    #[inline(always)]
    fn max(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        have!(vbslq_f32(vcgtq_f32(a, b), a, b))
    }
    #[inline(always)]
    fn min(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        have!(vbslq_f32(vcltq_f32(a, b), a, b))
    }
    #[inline(always)]
    fn select_less(
        self,
        a: float32x4_t,
        b: float32x4_t,
        yes: float32x4_t,
        no: float32x4_t,
    ) -> float32x4_t {
        have!(vbslq_f32(vcltq_f32(a, b), yes, no))
    }
    #[inline(always)]
    fn sqrt(self, a: float32x4_t) -> float32x4_t {
        have!(vsqrtq_f32(a))
    }
    #[inline(always)]
    fn round(self, a: float32x4_t) -> float32x4_t {
        have!(vrndnq_f32(a))
    }
    #[inline(always)]
    fn pow2(self, n: float32x4_t) -> float32x4_t {
        have!(vreinterpretq_f32_s32(vshlq_n_s32::<23>(vaddq_s32(
            vcvtq_s32_f32(n),
            vdupq_n_s32(127)
        ))))
    }
    #[inline(always)]
    fn sum(self, a: float32x4_t) -> f32 {
        have!(vaddvq_f32(a))
    }
}
