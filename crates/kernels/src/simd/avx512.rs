//! AVX-512: sixteen lanes, thirty-two registers.

use std::arch::x86_64::*;

use super::{Kernel, Simd};

/// Proof that the processor has AVX-512F.
#[derive(Clone, Copy)]
pub(super) struct Avx512(());

/// Runs `kernel` in a function compiled for AVX-512F.
///
/// # Safety
/// The processor has AVX-512F.
#[target_feature(enable = "avx512f,avx2,fma")]
pub(super) unsafe fn run<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(Avx512(()))
}

/// Calls intrinsics that need nothing but the instruction set.
macro_rules! have {
    ($e:expr) => {
        // SAFETY: `self` proves that the processor has the instruction set.
        unsafe { $e }
    };
}

impl Simd for Avx512 {
    type V = __m512;
    const LANES: usize = 16;
    const ROWS: usize = 12;
    const VECTORS: usize = 2;

    #[inline(always)]
    fn splat(self, x: f32) -> __m512 {
        have!(_mm512_set1_ps(x))
    }
    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> __m512 {
        // SAFETY: the caller vouches for the memory, `self` for the instruction set.
        unsafe { _mm512_loadu_ps(from) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32, v: __m512) {
        // SAFETY: the caller vouches for the memory, `self` for the instruction set.
        unsafe { _mm512_storeu_ps(to, v) }
    }
    #[inline(always)]
    fn prefetch(self, at: *const f32) {
        // A hint reads nothing that the program could see, whatever the address.
        have!(_mm_prefetch::<_MM_HINT_T0>(at.cast()));
    }
    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        have!(_mm512_add_ps(a, b))
    }
    #[inline(always)]
    fn sub(self, a: __m512, b: __m512) -> __m512 {
        have!(_mm512_sub_ps(a, b))
    }
    #[inline(always)]
    fn mul(self, a: __m512, b: __m512) -> __m512 {
        have!(_mm512_mul_ps(a, b))
    }
    #[inline(always)]
    fn div(self, a: __m512, b: __m512) -> __m512 {
        have!(_mm512_div_ps(a, b))
    }
    #[inline(always)]
    fn fma(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        have!(_mm512_fmadd_ps(a, b, c))
    }
    #[inline(always)]
    fn nfma(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        have!(_mm512_fnmadd_ps(a, b, c))
    }
    #[inline(always)]
    fn max(self, a: __m512, b: __m512) -> __m512 {
        have!(_mm512_max_ps(a, b))
    }
    #[inline(always)]
    fn min(self, a: __m512, b: __m512) -> __m512 {
        have!(_mm512_min_ps(a, b))
    }
    #[inline(always)]
    fn select_less(self, a: __m512, b: __m512, yes: __m512, no: __m512) -> __m512 {
        have!(_mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b), no, yes))
    }
    #[inline(always)]
    fn sqrt(self, a: __m512) -> __m512 {
        have!(_mm512_sqrt_ps(a))
    }
    #[inline(always)]
    fn round(self, a: __m512) -> __m512 {
        have!(_mm512_roundscale_ps::<0>(a))
    }
    #[inline(always)]
    fn pow2(self, n: __m512) -> __m512 {
        have!(_mm512_castsi512_ps(_mm512_slli_epi32::<23>(_mm512_add_epi32(
            _mm512_cvtps_epi32(n),
            _mm512_set1_epi32(127)
        ))))
    }
    #[inline(always)]
    fn sum(self, a: __m512) -> f32 {
        have!(_mm512_reduce_add_ps(a))
    }

    #[inline(always)]
    unsafe fn transpose_from(
        self,
        from: impl Fn(usize) -> *const f32,
        to: *mut f32,
        to_stride: usize,
    ) {
        // SAFETY: the caller vouches for rows and square, `self` for the instruction set.
        unsafe {
            // Rows i, i + 4, i + 8 and i + 12 share a register, so that two stages of 4 × 4 shuffles finish the square.
            macro_rules! four {
                ($i:expr, $j:expr) => {{
                    let v = _mm512_castps128_ps512(_mm_loadu_ps(from($i).add($j)));
                    let v = _mm512_insertf32x4::<1>(v, _mm_loadu_ps(from($i + 4).add($j)));
                    let v = _mm512_insertf32x4::<2>(v, _mm_loadu_ps(from($i + 8).add($j)));
                    _mm512_insertf32x4::<3>(v, _mm_loadu_ps(from($i + 12).add($j)))
                }};
            }
            for j in [0, 4, 8, 12] {
                let (a, b, c, d) = (four!(0, j), four!(1, j), four!(2, j), four!(3, j));
                let (ab0, ab1) = (_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
                let (cd0, cd1) = (_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
                let to = to.add(j * to_stride);
                _mm512_storeu_ps(to, _mm512_shuffle_ps::<0x44>(ab0, cd0));
                _mm512_storeu_ps(to.add(to_stride), _mm512_shuffle_ps::<0xEE>(ab0, cd0));
                _mm512_storeu_ps(to.add(2 * to_stride), _mm512_shuffle_ps::<0x44>(ab1, cd1));
                _mm512_storeu_ps(to.add(3 * to_stride), _mm512_shuffle_ps::<0xEE>(ab1, cd1));
            }
        }
    }
}
