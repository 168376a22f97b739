//! AdamW (Loshchilov and Hutter 2019, algorithm 2) fused with gradient scaling and the exponential moving average of
//! the weights: one pass reads the gradient and updates weights, both moments and the average in place.

use rayon::prelude::*;

use crate::simd::{Isa, Kernel, Simd, dispatch, isa};

/// Coefficients of AdamW. The default is PyTorch's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// Decay of the first moment.
    pub beta1: f32,
    /// Decay of the second moment.
    pub beta2: f32,
    /// Added to the root of the second moment.
    pub eps: f32,
    /// Decoupled weight decay, per unit of learning rate.
    pub weight_decay: f32,
}

impl Default for AdamW {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 1e-2 }
    }
}

/// Elements of one thread's piece: five slices of it fit a second-level cache.
const PIECE: usize = 16 * 1024;

impl AdamW {
    /// Does step number `t` (the first is 1) at learning rate `lr`, with `g = clip · grad`:
    ///
    /// `w ← w · (1 − lr · weight_decay)`, `m ← β₁ m + (1 − β₁) g`, `v ← β₂ v + (1 − β₂) g²`,
    /// `w ← w − lr · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + eps)`,
    /// and, where `ema = (average, decay)` is given, `average ← decay · average + (1 − decay) · w`.
    ///
    /// # Panics
    /// When the slices differ in length.
    #[allow(clippy::too_many_arguments, reason = "the state of one parameter is these slices")]
    pub fn step(
        &self,
        lr: f32,
        t: u64,
        clip: f32,
        grad: &[f32],
        w: &mut [f32],
        m: &mut [f32],
        v: &mut [f32],
        ema: Option<(&mut [f32], f32)>,
    ) {
        self.step_with(isa(), lr, t, clip, grad, w, m, v, ema);
    }

    /// [`step`](Self::step) with a chosen instruction set.
    #[allow(clippy::too_many_arguments, reason = "as for `step`")]
    fn step_with(
        &self,
        isa: Isa,
        lr: f32,
        t: u64,
        clip: f32,
        grad: &[f32],
        w: &mut [f32],
        m: &mut [f32],
        v: &mut [f32],
        ema: Option<(&mut [f32], f32)>,
    ) {
        let n = w.len();
        assert!(
            grad.len() == n
                && m.len() == n
                && v.len() == n
                && ema.as_ref().is_none_or(|(e, _)| e.len() == n),
            "AdamW needs slices of one length"
        );
        let correction = |beta: f32| 1.0 - f64::from(beta).powf(t as f64);
        let factors = Factors {
            keep: (1.0 - f64::from(lr) * f64::from(self.weight_decay)) as f32,
            clip,
            beta1: self.beta1,
            rest1: (1.0 - f64::from(self.beta1)) as f32,
            beta2: self.beta2,
            rest2: (1.0 - f64::from(self.beta2)) as f32,
            rate: (f64::from(lr) / correction(self.beta1)) as f32,
            root: (1.0 / correction(self.beta2).sqrt()) as f32,
            eps: self.eps,
            decay: ema.as_ref().map_or(0.0, |(_, decay)| *decay),
        };
        let pieces = grad
            .par_chunks(PIECE)
            .zip(w.par_chunks_mut(PIECE))
            .zip(m.par_chunks_mut(PIECE).zip(v.par_chunks_mut(PIECE)));
        match ema {
            None => pieces.for_each(|((grad, w), (m, v))| {
                dispatch(isa, Update { factors, grad, w, m, v, ema: None });
            }),
            Some((average, _)) => {
                pieces.zip(average.par_chunks_mut(PIECE)).for_each(
                    |(((grad, w), (m, v)), average)| {
                        dispatch(isa, Update { factors, grad, w, m, v, ema: Some(average) });
                    },
                );
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Factors {
    keep: f32,
    clip: f32,
    beta1: f32,
    rest1: f32,
    beta2: f32,
    rest2: f32,
    rate: f32,
    root: f32,
    eps: f32,
    decay: f32,
}

struct Update<'a> {
    factors: Factors,
    grad: &'a [f32],
    w: &'a mut [f32],
    m: &'a mut [f32],
    v: &'a mut [f32],
    ema: Option<&'a mut [f32]>,
}

impl Kernel for Update<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, s: S) {
        let n = self.w.len();
        let whole = n - n % S::LANES;
        let average = self.ema.as_deref_mut().map(<[f32]>::as_mut_ptr);
        let (g, w, m, v) =
            (self.grad.as_ptr(), self.w.as_mut_ptr(), self.m.as_mut_ptr(), self.v.as_mut_ptr());
        for i in (0..whole).step_by(S::LANES) {
            // SAFETY: i + LANES ≤ whole ≤ n, the length of every slice.
            unsafe {
                block(
                    s,
                    &self.factors,
                    g.add(i),
                    w.add(i),
                    m.add(i),
                    v.add(i),
                    average.map(|a| a.add(i)),
                );
            }
        }
        if whole < n {
            let tail = |x: &[f32]| {
                let mut lanes = [0.0_f32; 16];
                lanes[..n - whole].copy_from_slice(&x[whole..]);
                lanes
            };
            let (g, mut w, mut m, mut v) =
                (tail(self.grad), tail(self.w), tail(self.m), tail(self.v));
            let mut a = self.ema.as_deref().map(tail);
            // SAFETY: every array has 16 ≥ LANES values.
            unsafe {
                let a = a.as_mut().map(|a| a.as_mut_ptr());
                block(
                    s,
                    &self.factors,
                    g.as_ptr(),
                    w.as_mut_ptr(),
                    m.as_mut_ptr(),
                    v.as_mut_ptr(),
                    a,
                );
            }
            let rest = n - whole;
            self.w[whole..].copy_from_slice(&w[..rest]);
            self.m[whole..].copy_from_slice(&m[..rest]);
            self.v[whole..].copy_from_slice(&v[..rest]);
            if let (Some(ema), Some(a)) = (self.ema, a) {
                ema[whole..].copy_from_slice(&a[..rest]);
            }
        }
    }
}

/// Updates one vector of parameters.
///
/// # Safety
/// Every pointer is valid for `LANES` values, and no two overlap.
#[inline(always)]
unsafe fn block<S: Simd>(
    s: S,
    f: &Factors,
    g: *const f32,
    w: *mut f32,
    m: *mut f32,
    v: *mut f32,
    ema: Option<*mut f32>,
) {
    // SAFETY: the caller vouches for every pointer.
    unsafe {
        let grad = s.mul(s.load(g), s.splat(f.clip));
        let first = s.fma(s.load(m), s.splat(f.beta1), s.mul(grad, s.splat(f.rest1)));
        let second = s.fma(s.load(v), s.splat(f.beta2), s.mul(s.mul(grad, grad), s.splat(f.rest2)));
        s.store(m, first);
        s.store(v, second);
        let below = s.fma(s.sqrt(second), s.splat(f.root), s.splat(f.eps));
        let kept = s.mul(s.load(w), s.splat(f.keep));
        let new = s.nfma(s.splat(f.rate), s.div(first, below), kept);
        s.store(w, new);
        if let Some(e) = ema {
            let old = s.load(e);
            // old + (1 − decay)·(new − old), exact where both are equal.
            s.store(e, s.fma(s.splat(1.0 - f.decay), s.sub(new, old), old));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequence(n: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        (0..n)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / (1 << 23) as f32 - 1.0
            })
            .collect()
    }

    #[test]
    fn follows_the_published_recurrence() {
        let adam = AdamW { weight_decay: 0.1, ..AdamW::default() };
        for isa in Isa::available() {
            for n in [0, 1, 7, 16, 37] {
                let start = sequence(n, 1);
                let (mut w, mut m, mut v, mut e) =
                    (start.clone(), vec![0.0; n], vec![0.0; n], start.clone());
                let mut exact: Vec<[f64; 4]> =
                    start.iter().map(|&x| [f64::from(x), 0.0, 0.0, f64::from(x)]).collect();
                for t in 1..=5 {
                    let grad = sequence(n, 10 + t as u32);
                    adam.step_with(
                        isa,
                        0.01,
                        t,
                        0.5,
                        &grad,
                        &mut w,
                        &mut m,
                        &mut v,
                        Some((&mut e, 0.9)),
                    );
                    for ([w, m, v, e], g) in
                        exact.iter_mut().zip(grad.iter().map(|&g| 0.5 * f64::from(g)))
                    {
                        *m = 0.9 * *m + 0.1 * g;
                        *v = 0.999 * *v + 0.001 * g * g;
                        *w *= 1.0 - 0.01 * 0.1;
                        *w -= 0.01 * (*m / (1.0 - 0.9_f64.powf(t as f64)))
                            / ((*v / (1.0 - 0.999_f64.powf(t as f64))).sqrt() + 1e-8);
                        *e = 0.9 * *e + 0.1 * *w;
                    }
                }
                for i in 0..n {
                    assert!(
                        (f64::from(w[i]) - exact[i][0]).abs() < 2e-6,
                        "{isa} w {} {}",
                        w[i],
                        exact[i][0]
                    );
                    assert!(
                        (f64::from(e[i]) - exact[i][3]).abs() < 2e-6,
                        "{isa} ema {} {}",
                        e[i],
                        exact[i][3]
                    );
                }
            }
        }
    }

    #[test]
    fn the_average_is_optional_and_changes_nothing_else() {
        let n = 40_000;
        let grad = sequence(n, 3);
        let run = |ema: bool| {
            let (mut w, mut m, mut v, mut e) =
                (sequence(n, 4), vec![0.0; n], vec![0.0; n], vec![0.0; n]);
            AdamW::default().step(
                0.1,
                1,
                1.0,
                &grad,
                &mut w,
                &mut m,
                &mut v,
                ema.then_some((&mut e[..], 0.99)),
            );
            (w, m, v)
        };
        assert_eq!(run(true), run(false));
    }
}
