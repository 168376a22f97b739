//! Where a product goes, and what is added on the way.

use std::marker::PhantomData;

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
    borrow: PhantomData<&'a mut [f32]>,
}

// SAFETY: `store` is unsafe, and its callers write each element from one thread only.
unsafe impl Sync for Output<'_> {}

impl<'a> Output<'a> {
    /// # Panics
    /// When an element lies outside `data`, or the bias has the wrong length.
    pub(crate) fn new(
        data: &'a mut [f32],
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
        Self { data: data.as_mut_ptr(), rows, columns, bias, borrow: PhantomData }
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
            // SAFETY: `new` checked that all elements lie inside the data; the caller that they are written once.
            Offsets::Stride { stride: 1, .. } => unsafe {
                self.data
                    .add(base + column)
                    .copy_from_nonoverlapping(values.as_ptr(), values.len());
            },
            Offsets::Runs { run, stride, .. } => {
                let (mut values, mut column) = (&*values, column);
                while !values.is_empty() {
                    let (which, within) = (column / run, column % run);
                    let (now, later) = values.split_at(values.len().min(run - within));
                    // SAFETY: as above.
                    unsafe {
                        let to = self.data.add(base + which * stride + within);
                        to.copy_from_nonoverlapping(now.as_ptr(), now.len());
                    }
                    column += now.len();
                    values = later;
                }
            }
            Offsets::Stride { stride, .. } => {
                for (j, v) in values.iter().enumerate() {
                    // SAFETY: as above.
                    unsafe { *self.data.add(base + (column + j) * stride) = *v };
                }
            }
            Offsets::Table(table) => {
                for (v, at) in values.iter().zip(&table[column..]) {
                    // SAFETY: as above.
                    unsafe { *self.data.add(base + at) = *v };
                }
            }
        }
    }
}
