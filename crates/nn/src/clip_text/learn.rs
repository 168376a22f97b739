//! New words for a text encoder that is otherwise left as it is (textual inversion, Gal et al. 2023).

use super::CLIPTextModel;
use crate::Error;
use burn::module::Param;
use burn::tensor::{Tensor, TensorData};

impl CLIPTextModel {
    /// Gives the tokens `first`, `first + 1`, … the rows of `values [k, C]`, in a table that grows where it must.
    ///
    /// # Errors
    /// [`Error::Input`] where the values are no whole number of rows, or `first` leaves a gap behind the table.
    pub fn learn(&mut self, first: usize, values: Vec<f32>) -> Result<(), Error> {
        let table = self.text_model.embeddings.token_embedding.weight.val();
        let [rows, width] = table.dims();
        let fail = |found: String, expected: String| {
            Err(Error::Input { name: "token_embedding", found, expected })
        };
        if values.is_empty() || !values.len().is_multiple_of(width) {
            return fail(format!("{} numbers", values.len()), format!("rows of {width}"));
        }
        if first > rows {
            return fail(format!("a row for token {first}"), format!("one up to {rows}"));
        }
        let count = values.len() / width;
        let new = Tensor::<2>::from_data(TensorData::new(values, [count, width]), &table.device());
        let mut parts = vec![table.clone().narrow(0, 0, first), new];
        if first + count < rows {
            parts.push(table.narrow(0, first + count, rows - first - count));
        }
        let table = Tensor::cat(parts, 0);
        self.config.vocab_size = table.dims()[0];
        self.text_model.embeddings.token_embedding.weight = Param::from_tensor(table);
        Ok(())
    }
}
