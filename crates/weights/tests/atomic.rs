//! Full disks, read-only folders and interrupted writes lose nothing.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use langevin_weights::atomic::{
    existing, recover, remove_leftovers, write_bytes, write_dir, write_with,
};
use langevin_weights::{Error, Result};

/// The names in a folder, sorted.
fn listing(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn files_are_written_and_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.txt");
    write_bytes(&path, b"one").unwrap();
    write_bytes(&path, b"two").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"two");
    assert_eq!(listing(folder.path()), ["a.txt"]);
}

#[cfg(unix)]
#[test]
fn files_get_ordinary_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let mode = |name: &str| fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
    write_bytes(folder.path().join("ours"), b"").unwrap();
    fs::write(folder.path().join("plain"), b"").unwrap();
    write_dir(folder.path().join("our_folder"), |_| Ok::<(), Error>(())).unwrap();
    fs::create_dir(folder.path().join("plain_folder")).unwrap();
    assert_eq!(mode("ours"), mode("plain"));
    assert_eq!(mode("our_folder"), mode("plain_folder"));
}

#[test]
fn a_disk_that_fills_up_keeps_the_previous_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    write_bytes(&path, b"previous").unwrap();
    for kind in [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded] {
        let error = write_with(&path, |file| {
            file.write_all(b"half of the new")?;
            Err(kind.into())
        })
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "no space left while writing {}; nothing was lost, the previous file is untouched",
                path.display()
            )
        );
    }
    assert_eq!(fs::read(&path).unwrap(), b"previous");
    assert_eq!(listing(folder.path()), ["model.safetensors"]);
}

/// `/dev/full` answers every write as a full disk does.
#[cfg(target_os = "linux")]
#[test]
fn a_device_is_written_to_and_never_replaced() {
    use std::os::unix::fs::FileTypeExt;
    let error = write_bytes("/dev/full", b"x").unwrap_err();
    assert!(matches!(error, Error::NoSpace { .. }), "{error}");
    write_bytes("/dev/null", b"x").unwrap();
    for device in ["/dev/full", "/dev/null"] {
        assert!(fs::metadata(device).unwrap().file_type().is_char_device());
    }
}

/// `/proc` refuses new files even to root, whom permissions do not bind.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_refuses_files_is_named() {
    let error = write_bytes("/proc/model.safetensors", b"x").unwrap_err();
    assert!(
        matches!(&error, Error::NotWritable { folder, .. } if folder == Path::new("/proc")),
        "{error}"
    );
    assert!(error.to_string().starts_with("cannot write into the folder /proc: "), "{error}");
    let error = write_dir("/proc/model", |_| Ok::<(), Error>(())).unwrap_err();
    assert!(matches!(error, Error::NotWritable { .. }), "{error}");
}

#[test]
fn wrong_kinds_of_paths_are_named() {
    let root = tempfile::tempdir().unwrap();
    let (file, folder) = (root.path().join("file"), root.path().join("folder"));
    write_bytes(&file, b"x").unwrap();
    fs::create_dir(&folder).unwrap();
    let nothing = |_: &Path| -> Result<()> { Ok(()) };
    assert!(matches!(write_bytes(&folder, b"x").unwrap_err(), Error::IsFolder { .. }));
    assert!(matches!(write_dir(&file, nothing).unwrap_err(), Error::IsFile { .. }));
    assert!(matches!(
        write_bytes(file.join("below"), b"x").unwrap_err(),
        Error::NotWritable { .. }
    ));
    assert!(matches!(
        write_bytes(root.path().join("absent/x"), b"x").unwrap_err(),
        Error::NotWritable { .. }
    ));
    assert!(matches!(write_dir("/", nothing).unwrap_err(), Error::NoName { .. }));
    assert_eq!(listing(root.path()), ["file", "folder"]);
}

#[test]
fn folders_are_written_and_replaced_as_a_whole() {
    let root = tempfile::tempdir().unwrap();
    let model = root.path().join("model");
    for (name, content) in [("old", "1"), ("new", "2")] {
        let returned = write_dir(&model, |folder| {
            fs::create_dir(folder.join("unet")).map_err(|_| ()).unwrap();
            write_bytes(folder.join("unet").join(name), content.as_bytes())?;
            Ok::<_, Error>(content.len())
        });
        assert_eq!(returned.unwrap(), 1);
        assert_eq!(listing(&model.join("unet")), [name]);
    }
    assert_eq!(listing(root.path()), ["model"]);
    assert_eq!(existing(&model), model);
    assert!(!recover(&model).unwrap());
}

#[test]
fn a_failed_folder_keeps_the_previous_one() {
    let root = tempfile::tempdir().unwrap();
    let model = root.path().join("model");
    write_dir(&model, |folder| write_bytes(folder.join("weights"), b"previous")).unwrap();

    /// The error type of a caller.
    #[derive(Debug)]
    enum Caller {
        Stopped,
        Weights(Error),
    }
    impl From<Error> for Caller {
        fn from(error: Error) -> Self {
            Self::Weights(error)
        }
    }
    let stopped = write_dir(&model, |folder| -> Result<(), Caller> {
        write_bytes(folder.join("weights"), b"half")?;
        Err(Caller::Stopped)
    });
    assert!(matches!(stopped, Err(Caller::Stopped)));
    let full = write_dir(&model, |folder| -> Result<(), Caller> {
        write_with(folder.join("weights"), |_| Err(io::ErrorKind::StorageFull.into()))?;
        Ok(())
    });
    assert!(
        matches!(full, Err(Caller::Weights(Error::NoSpace { path })) if path == model.join("weights"))
    );
    assert_eq!(fs::read(model.join("weights")).unwrap(), b"previous");
    assert_eq!(listing(root.path()), ["model"]);
}

/// A reader that opens the folder again and again while it is replaced always finds a whole one.
#[test]
fn readers_never_miss_a_folder_that_is_being_replaced() {
    let root = tempfile::tempdir().unwrap();
    let model = root.path().join("model");
    let write = |i: u32| {
        write_dir(&model, |folder| write_bytes(folder.join("n"), i.to_string().as_bytes()))
            .unwrap();
    };
    write(0);
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            (1..=50).for_each(write);
            done.store(true, std::sync::atomic::Ordering::Release);
        });
        while !done.load(std::sync::atomic::Ordering::Acquire) {
            assert!(existing(&model).is_dir());
        }
    });
    assert_eq!(fs::read(model.join("n")).unwrap(), b"50");
    assert_eq!(listing(root.path()), ["model"]);
}

#[cfg(unix)]
#[test]
fn links_are_replaced_and_not_followed() {
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    write_bytes(at("target"), b"kept").unwrap();
    std::os::unix::fs::symlink(at("target"), at("link")).unwrap();
    write_bytes(at("link"), b"new").unwrap();
    write_dir(at("folder"), |folder| write_bytes(folder.join("x"), b"kept")).unwrap();
    std::os::unix::fs::symlink(at("folder"), at("folder_link")).unwrap();
    write_dir(at("folder_link"), |folder| write_bytes(folder.join("x"), b"new")).unwrap();

    assert_eq!(fs::read(at("target")).unwrap(), b"kept");
    assert_eq!(fs::read(at("link")).unwrap(), b"new");
    assert_eq!(fs::read(at("folder/x")).unwrap(), b"kept");
    assert_eq!(fs::read(at("folder_link/x")).unwrap(), b"new");
    assert_eq!(listing(root.path()), ["folder", "folder_link", "link", "target"]);
}

#[test]
fn leftovers_of_killed_writers_are_removed_and_nothing_else() {
    let root = tempfile::tempdir().unwrap();
    for name in
        [".model.aB3d5F.tmp", ".model.safetensors.aB3d5F.tmp", ".model.old", "model.tmp", "other"]
    {
        write_bytes(root.path().join(name), b"x").unwrap();
    }
    fs::create_dir_all(root.path().join(".model.zzzzzz.tmp/unet")).unwrap();
    assert_eq!(remove_leftovers(root.path().join("model")).unwrap(), 2);
    assert_eq!(
        listing(root.path()),
        [".model.old", ".model.safetensors.aB3d5F.tmp", "model.tmp", "other"]
    );
    assert_eq!(remove_leftovers(root.path().join("model.safetensors")).unwrap(), 1);
}
