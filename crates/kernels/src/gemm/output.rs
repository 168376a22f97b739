//! Where a product goes, and what is added on the way.

use std::marker::PhantomData;
use std::mem::MaybeUninit;

use super::Offsets;

/// Added to each finished element.
#[derive(Clone, Copy)]
pub(crate) enum Bias<'a> {
    /// Nothing.
    None,
    /// One value for each row.
    Row(&'a [f32]),
    /// One value for each column.
    Column(&'a [f32]),
}

/// The destination of a product: element (row `i`, column `j`) goes to `data[rows[i] + columns[j]]`.
pub(crate) struct Output<'a> {
    data: *mut f32,
    rows: Offsets,
    columns: Offsets,
    bias: Bias<'a>,
    residual: Option<&'a [f32]>,
    borrow: PhantomData<&'a mut [MaybeUninit<f32>]>,
}

// SAFETY: `store` is unsafe, and its callers write each element from one thread only.
unsafe impl Sync for Output<'_> {}

impl<'a> Output<'a> {
    /// # Panics
    /// When an element lies outside `data`, or the bias has the wrong length.
    pub(crate) fn new(
        data: &'a mut [MaybeUninit<f32>],
        rows: Offsets,
        columns: Offsets,
        bias: Bias<'a>,
    ) -> Self {
        let empty = rows.len() == 0 || columns.len() == 0;
        assert!(
            empty || rows.last() + columns.last() < data.len(),
            "the output reaches beyond its data"
        );
        match bias {
            Bias::None => {}
            Bias::Row(b) => assert_eq!(b.len(), rows.len(), "one bias for each row"),
            Bias::Column(b) => assert_eq!(b.len(), columns.len(), "one bias for each column"),
        }
        Self {
            data: data.as_mut_ptr().cast(),
            rows,
            columns,
            bias,
            residual: None,
            borrow: PhantomData,
        }
    }

    /// Also adds `residual`, whose elements lie as those of the output do.
    ///
    /// # Panics
    /// When an element lies outside `residual`.
    pub(crate) fn plus(self, residual: &'a [f32]) -> Self {
        let empty = self.rows() == 0 || self.columns() == 0;
        assert!(
            empty || self.rows.last() + self.columns.last() < residual.len(),
            "the output reaches beyond the residual"
        );
        Self { residual: Some(residual), ..self }
    }

    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Number of columns.
    pub(crate) fn columns(&self) -> usize {
        self.columns.len()
    }

    /// Writes the finished `values` of row `row` from column `column` on.
    ///
    /// # Safety
    /// `row` and the columns exist, and no other thread writes the same elements.
    pub(crate) unsafe fn store(&self, row: usize, column: usize, values: &mut [f32]) {
        match self.bias {
            Bias::None => {}
            Bias::Row(bias) => {
                let bias = bias[row];
                values.iter_mut().for_each(|v| *v += bias);
            }
            Bias::Column(bias) => {
                values.iter_mut().zip(&bias[column..]).for_each(|(v, b)| *v += b);
            }
        }
        let base = self.rows.at(row);
        match &self.columns {
            Offsets::Stride { stride: 1, .. } => self.write(base + column, values),
            Offsets::Runs { run, stride, .. } => {
                let (mut values, mut column) = (values, column);
                while !values.is_empty() {
                    let (which, within) = (column / run, column % run);
                    let (now, later) = values.split_at_mut(values.len().min(run - within));
                    self.write(base + which * stride + within, now);
                    column += now.len();
                    values = later;
                }
            }
            columns => {
                for (j, &value) in values.iter().enumerate() {
                    let place = base + columns.at(column + j);
                    let value = self.residual.map_or(value, |residual| value + residual[place]);
                    // SAFETY: `new` checked that all elements lie inside the data; the caller vouches for the threads.
                    unsafe { self.data.add(place).write(value) };
                }
            }
        }
    }

    /// Writes neighbours. Only `store` calls it, whose caller vouches for the threads, with places that `new` checked.
    #[inline(always)]
    fn write(&self, place: usize, values: &mut [f32]) {
        if let Some(residual) = self.residual {
            values.iter_mut().zip(&residual[place..]).for_each(|(v, r)| *v += r);
        }
        // SAFETY: `new` checked that all elements lie inside the data; see above.
        unsafe {
            self.data.add(place).copy_from_nonoverlapping(values.as_ptr(), values.len());
        }
    }
}
