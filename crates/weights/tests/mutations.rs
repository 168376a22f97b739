//! Random damage to sound files: no panic, no memory beyond what the file warrants, and agreement
//! with the reference implementation on what is sound.
//!
//! Alone in its file, because the allocator it counts with is that of the whole process.

#[path = "hostile/corpus.rs"]
#[expect(dead_code, reason = "only the sound file is needed here")]
mod corpus;

use std::fs::File;
use std::io::{Seek, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use langevin_weights::{Config, Error, TensorFile};
use peak_alloc::PeakAlloc;
use safetensors::SafeTensors;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Held by the test that counts, since the counts are of the whole process.
static COUNTING: Mutex<()> = Mutex::new(());

/// Memory for paths, names, errors and the like, whatever the file.
const OVERHEAD: usize = 16 * 1024;

/// SplitMix64: enough to choose damage by.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
}

/// Flips bits, overwrites, inserts, removes, copies and cuts, one to four times.
fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(4) {
        if bytes.is_empty() {
            return;
        }
        let at = random.below(bytes.len());
        match random.below(8) {
            0 => bytes.truncate(at),
            1 => {
                bytes.remove(at);
            }
            2 => bytes.insert(at, random.below(256) as u8),
            3 => bytes[at] = b"0123456789{}[]\",:-eE"[random.below(20)],
            4 => bytes[at] = random.below(256) as u8,
            5 => {
                let from = random.below(bytes.len());
                let piece = bytes[from..(from + random.below(40)).min(bytes.len())].to_vec();
                bytes.splice(at..at, piece);
            }
            6 => bytes[random.below(8).min(at)] = random.below(256) as u8,
            _ => bytes[at] ^= 1 << random.below(8),
        }
    }
}

/// Reads everything in a file; the number of tensors.
fn read_all(path: &Path) -> Result<usize, Error> {
    let file = TensorFile::open(path)?;
    for name in file.names() {
        let elements: usize = file.shape(name)?.iter().product();
        match file.f32(name) {
            Ok(values) => assert_eq!(values.len(), elements),
            Err(Error::WrongDtype { .. }) => {}
            Err(other) => panic!("a sound tensor could not be read: {other}"),
        }
        let _ = file.i64(name);
    }
    Ok(file.names().count())
}

#[test]
fn damaged_files_neither_panic_nor_exhaust_memory() {
    let _counting = COUNTING.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.safetensors");
    // One file, rewritten: emptying it each time would make some file systems flush it each time.
    let mut file = File::create(&path).unwrap();
    let mut random = Random(1);
    let (mut sound, mut refused) = (0, 0);
    for _ in 0..25_000 {
        let mut bytes = corpus::sound();
        damage(&mut bytes, &mut random);
        file.rewind().unwrap();
        file.write_all(&bytes).unwrap();
        file.set_len(bytes.len() as u64).unwrap();
        let theirs = SafeTensors::deserialize(&bytes).map(|file| file.len());

        ALLOCATOR.reset_peak_usage();
        let before = ALLOCATOR.current_usage();
        let ours = read_all(&path);
        let peak = ALLOCATOR.peak_usage() - before;
        assert!(peak <= OVERHEAD + 16 * bytes.len(), "{peak} bytes for a file of {}", bytes.len());

        match (&ours, &theirs) {
            (Ok(ours), Ok(theirs)) => {
                assert_eq!(ours, theirs);
                sound += 1;
            }
            // We are stricter than the reference, which lets the last of two equal names win.
            (Err(_), Err(_)) | (Err(Error::DuplicateTensor { .. }), Ok(_)) => refused += 1,
            _ => panic!("we say {ours:?}, the reference {theirs:?}: {}", bytes.escape_ascii()),
        }
    }
    // Damage to the data or to a name leaves a file sound; most other damage does not.
    assert!(
        sound > 100 && refused > 100,
        "both kinds must occur: {sound} sound, {refused} refused"
    );
}

#[test]
fn damaged_configurations_neither_panic_nor_exhaust_memory() {
    let sound = br#"{"_class_name": "UNet2DModel", "block_out_channels": [32, 64], "norm_eps": 1e-05, "x": -Infinity, "s": "\u00e9\"", "o": {"a": [[], {}]}}"#;
    let _counting = COUNTING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut random = Random(2);
    let mut read = 0;
    for _ in 0..25_000 {
        let mut bytes = sound.to_vec();
        damage(&mut bytes, &mut random);
        ALLOCATOR.reset_peak_usage();
        let before = ALLOCATOR.current_usage();
        let outcome = Config::parse("c.json", &bytes);
        let peak = ALLOCATOR.peak_usage() - before;
        assert!(peak <= OVERHEAD + 128 * bytes.len(), "{peak} bytes for a text of {}", bytes.len());
        read += usize::from(outcome.is_ok());
    }
    assert!(read > 100, "some texts must stay sound: {read} did");
}

#[test]
fn damaged_files_of_pytorch_neither_panic_nor_exhaust_memory() {
    let _counting = COUNTING.lock().unwrap_or_else(PoisonError::into_inner);
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/torch");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.bin");
    let mut file = File::create(&path).unwrap();
    let mut random = Random(3);
    let (mut sound, mut refused) = (0, 0);
    for name in ["strided.pt", "strided-legacy.pt", "nested.ckpt", "protocol-5.pt"] {
        let whole = std::fs::read(golden.join(name)).unwrap();
        for _ in 0..6_000 {
            let mut bytes = whole.clone();
            damage(&mut bytes, &mut random);
            file.rewind().unwrap();
            file.write_all(&bytes).unwrap();
            file.set_len(bytes.len() as u64).unwrap();
            ALLOCATOR.reset_peak_usage();
            let before = ALLOCATOR.current_usage();
            let outcome = read_all(&path);
            let peak = ALLOCATOR.peak_usage() - before;
            // The end of an archive is looked for in its last 64 KiB.
            let most = 6 * OVERHEAD + 64 * bytes.len();
            assert!(peak <= most, "{peak} bytes for a file of {}: {outcome:?}", bytes.len());
            match outcome {
                Ok(_) => sound += 1,
                Err(_) => refused += 1,
            }
        }
    }
    assert!(sound > 100 && refused > 100, "both kinds must occur: {sound} and {refused}");
}
