//! Opens any bytes as a file of PyTorch's, behind the marks that choose its reader, and reads all that it claims to hold.

#![no_main]

use std::io::Write;

use langevin_weights::TensorFile;
use libfuzzer_sys::fuzz_target;

/// The start of a file of the format before 1.6, up to the pickle of the tensors.
const LEGACY: &[u8] =
    b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}q\x01.\x80\x02";

fuzz_target!(|bytes: &[u8]| {
    let mut temporary = tempfile::NamedTempFile::new().expect("a temporary file");
    // Archives start as they are; everything else becomes the pickle of an older file.
    let start = if bytes.starts_with(b"PK") { b"" } else { LEGACY };
    let written = temporary.write_all(start).and_then(|()| temporary.write_all(bytes));
    written.expect("a temporary file can be written");
    let Ok(file) = TensorFile::open(temporary.path()) else { return };
    for name in file.names() {
        let shape = file.shape(name).expect("a listed tensor has a shape");
        if let Ok(values) = file.f32(name) {
            assert_eq!(values.len(), shape.iter().product::<usize>());
        }
    }
});
