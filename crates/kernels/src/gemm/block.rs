//! The innermost loops: a block of `C` from packed panels, tile by tile.

use crate::simd::{Isa, Kernel, Simd, dispatch};

/// Rows and columns of the register tile of an instruction set: the panel widths of `A` and of `B`.
pub(crate) fn tile(isa: Isa) -> (usize, usize) {
    struct Ask;
    impl Kernel for Ask {
        type Output = (usize, usize);
        #[inline(always)]
        fn run<S: Simd>(self, _: S) -> (usize, usize) {
            (S::ROWS, S::VECTORS * S::LANES)
        }
    }
    dispatch(isa, Ask)
}

/// `c = a · b` or `c += a · b` on panels of one instruction set's tile.
pub(crate) struct Block<'a> {
    /// Length of the summed dimension.
    pub(crate) depth: usize,
    /// Panels of `A`, `[panels][depth][rows of a tile]`.
    pub(crate) a: &'a [f32],
    /// Panels of `B`, `[panels][depth][columns of a tile]`.
    pub(crate) b: &'a [f32],
    /// The block, row-major, whole tiles: `[panels of A · rows][stride]`.
    pub(crate) c: &'a mut [f32],
    /// Distance of rows in `c`, at least the columns of all panels of `B`.
    pub(crate) stride: usize,
    /// Number of panels of `A`.
    pub(crate) row_panels: usize,
    /// Number of panels of `B`.
    pub(crate) column_panels: usize,
    /// Whether the sums start from `c`.
    pub(crate) accumulate: bool,
}

impl Kernel for Block<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        match (S::ROWS, S::VECTORS) {
            (6, 2) => self.tiles::<S, 6, 2>(s),
            (12, 2) => self.tiles::<S, 12, 2>(s),
            (4, 2) => self.tiles::<S, 4, 2>(s),
            _ => unreachable!("no micro-kernel for this tile"),
        }
    }
}

impl Block<'_> {
    #[inline(always)]
    fn tiles<S: Simd, const R: usize, const V: usize>(self, s: S) {
        let columns = V * S::LANES;
        assert!(self.a.len() >= self.row_panels * R * self.depth, "too few panels of A");
        assert!(self.b.len() >= self.column_panels * columns * self.depth, "too few panels of B");
        assert!(self.stride >= self.column_panels * columns, "rows of C overlap");
        assert!(self.c.len() >= self.row_panels * R * self.stride, "C is too small");
        let c = self.c.as_mut_ptr();
        for j in 0..self.column_panels {
            for i in 0..self.row_panels {
                // SAFETY: the four assertions above.
                unsafe {
                    let sums = self.accumulate.then_some(c.add(i * R * self.stride + j * columns));
                    let sums = start::<S, R, V>(s, sums, self.stride);
                    let a = self.a.as_ptr().add(i * R * self.depth);
                    let b = self.b.as_ptr().add(j * columns * self.depth);
                    let sums = micro::<S, R, V>(s, self.depth, a, [1, R], b, columns, sums);
                    finish::<S, R, V>(
                        s,
                        sums,
                        c.add(i * R * self.stride + j * columns),
                        self.stride,
                    );
                }
            }
        }
    }
}

/// The register tile to start from: zeros, or the tile at `c` in rows at distance `stride`.
///
/// # Safety
/// `c` is readable in `R` rows of `V · LANES` values.
#[inline(always)]
pub(crate) unsafe fn start<S: Simd, const R: usize, const V: usize>(
    s: S,
    c: Option<*mut f32>,
    stride: usize,
) -> [[S::V; V]; R] {
    let mut sums = [[s.splat(0.0); V]; R];
    if let Some(c) = c {
        for (i, row) in sums.iter_mut().enumerate() {
            for (j, sum) in row.iter_mut().enumerate() {
                // SAFETY: the caller vouches for the tile.
                *sum = unsafe { s.load(c.add(i * stride + j * S::LANES)) };
            }
        }
    }
    sums
}

/// Adds `depth` steps of products to a register tile: the left factor of row `i` at step `k` is
/// `a[i · a_steps[0] + k · a_steps[1]]`, the right factors are the `V · LANES` values from `b[k · b_step]` on.
///
/// # Safety
/// All of these are readable.
#[inline(always)]
pub(crate) unsafe fn micro<S: Simd, const R: usize, const V: usize>(
    s: S,
    depth: usize,
    a: *const f32,
    a_steps: [usize; 2],
    mut b: *const f32,
    b_step: usize,
    mut sums: [[S::V; V]; R],
) -> [[S::V; V]; R] {
    let mut rows = [a; R];
    for (i, row) in rows.iter_mut().enumerate() {
        *row = a.wrapping_add(i * a_steps[0]);
    }
    let mut at = 0;
    for _ in 0..depth {
        // SAFETY: the caller vouches for both factors.
        unsafe {
            let mut right = [s.splat(0.0); V];
            for (j, right) in right.iter_mut().enumerate() {
                *right = s.load(b.add(j * S::LANES));
            }
            for (row, sums) in rows.iter().zip(&mut sums) {
                let left = s.splat(*row.add(at));
                for (sum, right) in sums.iter_mut().zip(right) {
                    *sum = s.fma(left, right, *sum);
                }
            }
        }
        at += a_steps[1];
        b = b.wrapping_add(b_step);
    }
    sums
}

/// Writes a register tile to `c`.
///
/// # Safety
/// `c` is writable in `R` rows of `V · LANES` values at distance `stride`.
#[inline(always)]
pub(crate) unsafe fn finish<S: Simd, const R: usize, const V: usize>(
    s: S,
    sums: [[S::V; V]; R],
    c: *mut f32,
    stride: usize,
) {
    for (i, row) in sums.iter().enumerate() {
        for (j, sum) in row.iter().enumerate() {
            // SAFETY: the caller vouches for the tile.
            unsafe { s.store(c.add(i * stride + j * S::LANES), *sum) };
        }
    }
}
