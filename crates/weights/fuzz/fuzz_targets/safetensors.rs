//! Opens any bytes as a safetensors file and reads all that it claims to hold.

#![no_main]

use std::io::Write;

use langevin_weights::TensorFile;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut temporary = tempfile::NamedTempFile::new().expect("a temporary file");
    temporary.write_all(bytes).expect("a temporary file can be written");
    let Ok(file) = TensorFile::open(temporary.path()) else { return };
    for name in file.names() {
        let shape = file.shape(name).expect("a listed tensor has a shape");
        if let Ok(values) = file.f32(name) {
            assert_eq!(values.len(), shape.iter().product::<usize>());
        }
        let _ = file.i64(name);
    }
});
