//! Cuts a product into blocks that fit the caches and spreads them over threads: `A` is packed first, `B` by each task;
//! where `A` is tall, the other way round (`tall.rs`).

use rayon::prelude::*;

use super::{Block, Operand, Output, tall, tile};
use crate::scratch;
use crate::simd::{Isa, Kernel, Simd, dispatch};

/// The most steps of the summed dimension packed at once: a `B` panel of it stays in the first-level cache.
const DEPTH: usize = 256;
/// Rows of `A` that go through all panels of `B` together: they stay in the second-level cache.
const GROUP: usize = 132;
/// The most groups of one task: so often is a packed block of `B` used.
const GROUPS: usize = 4;
/// Multiply-adds below which threads do not pay.
const SERIAL: usize = 1 << 17;

/// Computes `output = a · b`.
///
/// # Panics
/// When the shapes disagree.
pub(crate) fn gemm(isa: Isa, a: &Operand<'_>, b: &Operand<'_>, output: &Output<'_>) {
    let (m, n, k) = (a.lanes(), b.lanes(), a.depth());
    assert!(
        b.depth() == k && output.rows() == m && output.columns() == n,
        "shapes of a product disagree"
    );
    if m == 0 || n == 0 {
        return;
    }
    let step = step(k);
    let (rows, columns) = tile(isa);
    let serial = m * n * k.max(1) < SERIAL;
    if !serial && m > n && m * k >= tall::LEAST {
        return tall::gemm(isa, a, b, output);
    }
    let (block_rows, block_columns) = block_size(m, n, rows, columns, serial);

    let row_panels = m.div_ceil(rows);
    let padded = row_panels * rows;
    scratch::with(padded * k, |packed| {
        // Panels of A: [piece of depth][row panel][step][row].
        for piece in 0..k.div_ceil(step) {
            let depth = piece * step..(piece * step + step).min(k);
            let out = &mut packed[piece * step * padded..][..depth.len() * padded];
            let pack = |(i, out): (usize, &mut [f32])| {
                let lanes = i * 8 * rows..((i + 1) * 8 * rows).min(m);
                dispatch(
                    isa,
                    Pack { operand: a, depth: depth.clone(), lanes, side: Side::Left, out },
                );
            };
            let each = (8 * rows * depth.len()).max(1);
            if serial {
                out.chunks_mut(each).enumerate().for_each(pack);
            } else {
                out.par_chunks_mut(each).enumerate().for_each(pack);
            }
        }
        let packed = &*packed;
        let down = m.div_ceil(block_rows);
        let task = |index: usize| {
            let (i, j) = (index % down * block_rows, index / down * block_columns);
            let (i_end, j_end) = ((i + block_rows).min(m), (j + block_columns).min(n));
            let (row_panels, column_panels) =
                ((i_end - i).div_ceil(rows), (j_end - j).div_ceil(columns));
            let stride = column_panels * columns;
            scratch::with(step * stride, |panels| {
                scratch::with(row_panels * rows * stride, |c| {
                    if k == 0 {
                        c.fill(0.0);
                    }
                    for piece in 0..k.div_ceil(step) {
                        let depth = piece * step..(piece * step + step).min(k);
                        let length = depth.len();
                        let pack = Pack {
                            operand: b,
                            depth,
                            lanes: j..j_end,
                            side: Side::Right,
                            out: panels,
                        };
                        dispatch(isa, pack);
                        let a = &packed[piece * step * padded + i * length..]
                            [..row_panels * rows * length];
                        let group = GROUP / rows * rows;
                        for (a, c) in a.chunks(group * length).zip(c.chunks_mut(group * stride)) {
                            let block = Block {
                                depth: length,
                                a,
                                b: panels,
                                row_panels: c.len() / stride / rows,
                                c,
                                stride,
                                column_panels,
                                accumulate: piece > 0,
                            };
                            dispatch(isa, block);
                        }
                    }
                    for (row, values) in (i..i_end).zip(c.chunks_exact_mut(stride)) {
                        // SAFETY: blocks do not overlap, so each element is written by one task.
                        unsafe { output.store(row, j, &mut values[..j_end - j]) };
                    }
                });
            });
        };
        let tasks = down * n.div_ceil(block_columns);
        if serial {
            (0..tasks).for_each(task);
        } else {
            (0..tasks).into_par_iter().for_each(task);
        }
    });
}

/// Steps of one piece of the depth: equal pieces, whose number depends on the depth alone.
pub(super) fn step(depth: usize) -> usize {
    let pieces = depth.div_ceil(DEPTH).max(1);
    depth.div_ceil(pieces).max(1)
}

/// Rows and columns of one task's block, whole tiles: as much as the second-level cache holds, less where the tasks
/// would be too few for the threads.
fn block_size(m: usize, n: usize, rows: usize, columns: usize, serial: bool) -> (usize, usize) {
    let (mut i, mut j) = (
        m.div_ceil(rows).min(GROUPS * (GROUP / rows)),
        n.div_ceil(columns).min((192 / columns).max(1)),
    );
    let threads = if serial { 1 } else { rayon::current_num_threads() };
    let tasks = |i: usize, j: usize| m.div_ceil(i * rows) * n.div_ceil(j * columns);
    while threads > 1 && tasks(i, j) < 4 * threads && (j > 2 || i > 4) {
        if j > 2 {
            j = j.div_ceil(2);
        } else {
            i = i.div_ceil(2);
        }
    }
    // Even out the last block.
    let even = |total: usize, each: usize| total.div_ceil(total.div_ceil(each));
    (even(m.div_ceil(rows), i) * rows, even(n.div_ceil(columns), j) * columns)
}

#[derive(Clone, Copy)]
pub(super) enum Side {
    Left,
    Right,
}

/// Packs some lanes of a factor.
pub(super) struct Pack<'a, 'b> {
    pub(super) operand: &'a Operand<'b>,
    pub(super) depth: std::ops::Range<usize>,
    pub(super) lanes: std::ops::Range<usize>,
    pub(super) side: Side,
    pub(super) out: &'a mut [f32],
}

impl Kernel for Pack<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        match self.side {
            Side::Left => self.operand.pack_rows(s, self.depth, self.lanes, self.out),
            Side::Right => self.operand.pack_columns(s, self.depth, self.lanes, self.out),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Bias, Offsets};
    use super::*;
    use crate::testing::as_fresh;

    fn values(n: usize, seed: u32) -> Vec<f32> {
        let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..n).map(|_| next()).collect()
    }

    /// A row-major product of `a [m, k]` and `bᵀ`, `b [n, k]`, in single precision.
    fn product(isa: Isa, a: &[f32], b: &[f32], m: usize, n: usize, k: usize) -> Vec<f32> {
        let mut c = vec![f32::NAN; m * n];
        let output =
            Output::new(as_fresh(&mut c), Offsets::stride(m, n), Offsets::stride(n, 1), Bias::None);
        let left = Operand::new(a, Offsets::stride(m, k), Offsets::stride(k, 1));
        let right = Operand::new(b, Offsets::stride(n, k), Offsets::stride(k, 1));
        gemm(isa, &left, &right, &output);
        c
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn agrees_with_double_precision(m in 0_usize..70, n in 0_usize..70, k in 0_usize..600, seed in any::<u32>()) {
            let (a, b) = (values(m * k, seed), values(n * k, seed ^ 1));
            for isa in Isa::available() {
                let c = product(isa, &a, &b, m, n, k);
                for i in 0..m {
                    for j in 0..n {
                        let terms = (0..k).map(|l| f64::from(a[i * k + l]) * f64::from(b[j * k + l]));
                        let want: f64 = terms.sum();
                        let error = (f64::from(c[i * n + j]) - want).abs();
                        prop_assert!(error <= 1e-6 * (k as f64 + 1.0), "{isa} [{i}, {j}]: {error}");
                    }
                }
            }
        }

        #[test]
        fn an_element_depends_on_its_row_and_column_only(
            m in 1_usize..90, n in 1_usize..300, k in 0_usize..600, seed in any::<u32>(),
        ) {
            let (a, b) = (values(m * k, seed), values(n * k, seed ^ 1));
            for isa in Isa::available() {
                let c = product(isa, &a, &b, m, n, k);
                for threads in [1, 2, 7] {
                    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("pool");
                    let again = pool.install(|| product(isa, &a, &b, m, n, k));
                    prop_assert!(c.iter().zip(&again).all(|(x, y)| x.to_bits() == y.to_bits()));
                }
                let (i, j) = (m / 2, n / 3);
                let alone = product(isa, &a[i * k..(i + 1) * k], &b[j * k..(j + 1) * k], 1, 1, k);
                prop_assert_eq!(alone[0].to_bits(), c[i * n + j].to_bits());
            }
        }
    }

    #[test]
    fn nan_spreads_to_its_row_only() {
        for isa in Isa::available() {
            let mut a = values(5 * 300, 1);
            a[2 * 300 + 7] = f32::NAN;
            let c = product(isa, &a, &values(4 * 300, 2), 5, 4, 300);
            for (i, row) in c.chunks(4).enumerate() {
                assert!(row.iter().all(|x| x.is_nan() == (i == 2)), "{isa} row {i}: {row:?}");
            }
        }
    }
}
