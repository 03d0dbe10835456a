//! The folder that recordings lie in.
//!
//! One engine at a time: the folder itself is locked (flock), which leaves no file behind and which the system gives
//! back when the process ends. Everything in the folder is reached through its descriptor, so it may be renamed while it is in use. Files are made exclusively,
//! never through a link, with mode 0600, and are closed when another program is started.

use std::fs::{DirBuilder, File, Permissions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, Mode, OFlags};

use super::super::SinkError;
use super::error;
use super::name;

/// An open, locked folder.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Open and locked.
    dir: File,
}

impl Folder {
    /// Opens and locks the folder, making it first when it is missing.
    pub(super) fn open(path: &Path) -> Result<Folder, SinkError> {
        let path = std::path::absolute(path).map_err(|cause| error::folder(path, "cannot be found", cause))?;
        let made = make(&path)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = rustix::fs::open(&path, flags, Mode::empty())
            .map_err(|cause| error::folder(&path, "cannot be opened as a folder", cause.into()))?;
        let dir = File::from(dir);
        if made {
            // The umask may have taken more than it should.
            dir.set_permissions(Permissions::from_mode(0o700))
                .map_err(|cause| error::folder(&path, "cannot be made private (mode 0700)", cause))?;
        }
        let mode = dir.metadata().map_err(|cause| error::folder(&path, "cannot be examined", cause))?.mode();
        if mode & 0o1002 == 0o002 {
            return Err(error::open_to_all(&path, mode & 0o7777));
        }
        lock(&dir, &path)?;
        let folder = Folder { path, dir };
        rustix::fs::accessat(&folder.dir, c".", Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS)
            .map_err(|cause| error::folder(&folder.path, "cannot be written to", cause.into()))?;
        folder.remove_leftovers();
        Ok(folder)
    }

    /// Its absolute path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a new file; anything that has the name already, a link included, is an error.
    pub(super) fn create(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(&self.dir, name, flags, Mode::RUSR | Mode::WUSR)?);
        // The umask may have taken more than it should.
        if let Err(cause) = file.set_permissions(Permissions::from_mode(0o600)) {
            let _ = self.remove(name);
            return Err(cause);
        }
        Ok(file)
    }

    /// Puts `text` in place of the file `name`, all or nothing. On a full disk, where there is no room for a second
    /// file, the old one is overwritten.
    pub(super) fn replace(&self, name: &str, text: &[u8]) -> io::Result<()> {
        let replaced = self.replace_whole(name, text);
        match &replaced {
            Err(cause) if matches!(cause.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => {
                self.overwrite(name, text)
            }
            _ => replaced,
        }
    }

    /// Takes a file's name away; that there is none is fine.
    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        match rustix::fs::unlinkat(&self.dir, name, AtFlags::empty()) {
            Ok(()) | Err(rustix::io::Errno::NOENT) => Ok(()),
            Err(cause) => Err(cause.into()),
        }
    }

    /// Whether there is something of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        rustix::fs::statat(&self.dir, name, AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }

    /// Waits until new and removed names are on the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.dir.sync_all()
    }

    fn replace_whole(&self, name: &str, text: &[u8]) -> io::Result<()> {
        let temporary = name::temporary(name);
        self.remove(&temporary)?;
        let mut file = self.create(&temporary)?;
        let placed = file
            .write_all(text)
            .and_then(|()| file.sync_all())
            .and_then(|()| rustix::fs::renameat(&self.dir, &temporary, &self.dir, name).map_err(io::Error::from));
        if placed.is_err() {
            let _ = self.remove(&temporary);
        }
        placed
    }

    /// The part beyond the old end first: when there is no room for it, the old text stays as it was.
    fn overwrite(&self, name: &str, text: &[u8]) -> io::Result<()> {
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(&self.dir, name, flags, Mode::empty())?);
        let old = file.metadata()?.len();
        let (within, beyond) = text.split_at((old as usize).min(text.len()));
        if let Err(cause) = file.write_all_at(beyond, within.len() as u64) {
            let _ = file.set_len(old);
            return Err(cause);
        }
        file.write_all_at(within, 0)?;
        file.set_len(text.len() as u64)?;
        file.sync_all()
    }

    /// Half-written descriptions of a process that was killed. The lock is held: nobody is writing them.
    fn remove_leftovers(&self) {
        let Ok(entries) = std::fs::read_dir(&self.path) else { return };
        for entry in entries.flatten() {
            if let Some(file) = entry.file_name().to_str().filter(|file| name::is_temporary(file)) {
                let _ = self.remove(file);
            }
        }
    }
}

impl Drop for Folder {
    /// A child that was forked and has not started its program yet has the descriptor too: closing ours is not
    /// enough.
    fn drop(&mut self) {
        let _ = self.dir.unlock();
    }
}

/// Makes the folder, private, when it is missing; whether it did.
fn make(path: &Path) -> Result<bool, SinkError> {
    if path.exists() {
        return Ok(false);
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map(|()| true)
        .map_err(|cause| error::folder(path, "cannot be made", cause))
}

fn lock(dir: &File, path: &Path) -> Result<(), SinkError> {
    dir.try_lock().map_err(|refused| match refused {
        TryLockError::WouldBlock => error::locked(path),
        TryLockError::Error(cause) => error::folder(path, "is on a file system that cannot lock", cause),
    })
}
