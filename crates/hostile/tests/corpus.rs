//! Every committed hostile file, every seed and some thousands of mutations are read: none panics.

use std::sync::{Mutex, MutexGuard, PoisonError};

use langevin_hostile::{TARGETS, corpus};

/// A target writes the file that it reads to one place, so only one of these tests runs at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn committed_hostile_files_are_survived() {
    let _alone = alone();
    for target in TARGETS {
        let files = corpus(target.name);
        assert!(!files.is_empty(), "{} has no committed files", target.name);
        for (name, bytes) in files {
            let read = std::panic::catch_unwind(|| (target.read)(&bytes));
            assert!(read.is_ok(), "{}/{name}", target.name);
        }
    }
}

#[test]
fn seeds_are_accepted_by_some_reader() {
    let _alone = alone();
    for target in TARGETS {
        let seeds = (target.seeds)();
        assert!(seeds.iter().any(|seed| (target.read)(seed)), "{}", target.name);
    }
}

#[test]
fn mutations_are_survived() {
    let _alone = alone();
    for target in TARGETS {
        let beginnings = target.beginnings();
        for run in 0..2000 {
            let file = target.file(0, run, &beginnings);
            let read = std::panic::catch_unwind(|| (target.read)(&file));
            assert!(read.is_ok(), "{} run {run}", target.name);
        }
    }
}
