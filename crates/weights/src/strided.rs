//! Elements that lie in another order than row by row, put in that order.

/// Appends the elements of a tensor to `out`, row by row.
///
/// The element at index `i` lies in `bytes` at `size · Σ i[k] · strides[k]`; whoever calls has proved
/// that all of them do.
pub(crate) fn gather(
    bytes: &[u8],
    (shape, strides): (&[usize], &[usize]),
    size: usize,
    out: &mut Vec<u8>,
) {
    if shape.contains(&0) {
        return;
    }
    let mut index = vec![0; shape.len()];
    let mut at = 0;
    loop {
        out.extend_from_slice(&bytes[at * size..][..size]);
        // The next index, as an odometer counts.
        let mut axis = shape.len();
        loop {
            let Some(before) = axis.checked_sub(1) else { return };
            axis = before;
            index[axis] += 1;
            at += strides[axis];
            if index[axis] < shape[axis] {
                break;
            }
            at -= strides[axis] * shape[axis];
            index[axis] = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::gather;

    #[test]
    fn a_transposed_matrix_is_read_row_by_row() {
        let mut out = Vec::new();
        gather(&[0, 1, 2, 3, 4, 5], (&[3, 2], &[1, 3]), 1, &mut out);
        assert_eq!(out, [0, 3, 1, 4, 2, 5]);
    }

    #[test]
    fn scalars_steps_and_nothing() {
        for (bytes, shape, strides, expected) in [
            (&[7u8][..], &[][..], &[][..], &[7u8][..]),
            (&[0, 1, 2, 3, 4], &[3], &[2], &[0, 2, 4]),
            (&[], &[2, 0], &[9, 9], &[]),
        ] {
            let mut out = Vec::new();
            gather(bytes, (shape, strides), 1, &mut out);
            assert_eq!(out, expected);
        }
    }
}
