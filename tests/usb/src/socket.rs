//! The socket over which the preload sends each `ioctl`, for any kind of device.

use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

const IOCTL: u64 = 1;
const DONE: u64 = 3;
const READ_MEMORY: u64 = 5;
const WRITE_MEMORY: u64 = 6;
/// The result for "not handled here", after which the preload makes the real call.
const UNHANDLED: i64 = -100;

/// The kernel's side of a device.
pub trait Ioctls: Send + 'static {
    /// Returns how often the device was plugged in. A file that was opened before the last time stays dead.
    fn plugs(&self) -> u32;

    /// Answers one call.
    ///
    /// # Errors
    ///
    /// The program is gone.
    fn ioctl(&mut self, client: &mut Client, call: &Call) -> io::Result<Reply>;

    /// Is called when the program has closed this file or has ended.
    fn closed(&mut self, _file: u64) {}
}

/// A call of a program.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    /// The opened file through which the call was made.
    pub file: u64,
    /// The value of [`Ioctls::plugs`] when the file was opened.
    pub plugs: u32,
    pub request: u32,
    pub argument: u64,
    /// The time of the call.
    pub since: Instant,
}

/// The answer of the kernel: result and errno, or nothing yet, in which case the call is repeated a little later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    Done(i64, i32),
    Later,
}

/// The pause before an unanswered call is repeated.
const PAUSE: Duration = Duration::from_millis(1);

/// The program whose `ioctl` is being answered.
#[derive(Debug)]
pub struct Client {
    stream: UnixStream,
}

impl Client {
    fn words(&mut self) -> io::Result<[u64; 3]> {
        let mut bytes = [0; 24];
        self.stream.read_exact(&mut bytes)?;
        let word = |index: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[index * 8..index * 8 + 8]);
            u64::from_ne_bytes(word)
        };
        Ok([word(0), word(1), word(2)])
    }

    fn send(&mut self, words: [u64; 3]) -> io::Result<()> {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        self.stream.write_all(&bytes)
    }

    /// Copies bytes from the program's memory.
    ///
    /// # Errors
    ///
    /// The program is gone.
    pub fn read(&mut self, address: u64, length: usize) -> io::Result<Vec<u8>> {
        self.send([READ_MEMORY, address, length as u64])?;
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// Copies bytes into the program's memory.
    ///
    /// # Errors
    ///
    /// The program is gone.
    pub fn write(&mut self, address: u64, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.send([WRITE_MEMORY, address, bytes.len() as u64])?;
        self.stream.write_all(bytes)
    }
}

/// Answers for the node at `path`. Each opened descriptor has a thread of its own.
///
/// # Errors
///
/// The socket cannot be created.
pub fn serve<T: Ioctls>(path: &Path, state: Arc<Mutex<T>>) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let listener = UnixListener::bind(path)?;
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let state = state.clone();
            std::thread::spawn(move || {
                // An error means that the program or the bed has ended, so there is nothing left to answer.
                let file = FILES.fetch_add(1, Ordering::Relaxed);
                let _ = talk(Client { stream }, &state, file);
                lock(&state).closed(file);
            });
        }
    });
    Ok(())
}

/// The number distinguishes opened files.
static FILES: AtomicU64 = AtomicU64::new(0);

fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn talk<T: Ioctls>(mut client: Client, state: &Mutex<T>, file: u64) -> io::Result<()> {
    let plugs = lock(state).plugs();
    loop {
        let [command, request, argument] = client.words()?;
        let call = Call {
            file,
            plugs,
            request: request as u32,
            argument,
            since: Instant::now(),
        };
        let (result, errno) = loop {
            if command != IOCTL {
                break (UNHANDLED, 0);
            }
            let reply = lock(state).ioctl(&mut client, &call)?;
            match reply {
                Reply::Done(result, errno) => break (result, errno),
                Reply::Later => std::thread::sleep(PAUSE),
            }
        };
        if (result, errno) == (-1, crate::usbfs::EAGAIN) {
            // A regular file is always ready, so libusb would repeat the call immediately. The pause saves the
            // processor.
            std::thread::sleep(Duration::from_micros(100));
        }
        client.send([DONE, result as u64, errno as u64])?;
    }
}
