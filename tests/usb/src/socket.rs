//! The socket on which the preload asks for each `ioctl`.

use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::usbfs::Usbfs;

const IOCTL: u64 = 1;
const DONE: u64 = 3;
const READ_MEMORY: u64 = 5;
const WRITE_MEMORY: u64 = 6;
/// "Not mine": the preload then makes the real call.
const UNHANDLED: i64 = -100;

/// The program whose `ioctl` is being answered.
pub(crate) struct Client {
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

    /// Copies bytes out of the program.
    pub(crate) fn read(&mut self, address: u64, length: usize) -> io::Result<Vec<u8>> {
        self.send([READ_MEMORY, address, length as u64])?;
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// Copies bytes into the program.
    pub(crate) fn write(&mut self, address: u64, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.send([WRITE_MEMORY, address, bytes.len() as u64])?;
        self.stream.write_all(bytes)
    }
}

/// Answers for the node at `path`, each opened descriptor on a thread of its own.
pub(crate) fn serve(path: &Path, state: Arc<Mutex<Usbfs>>) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let listener = UnixListener::bind(path)?;
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let state = state.clone();
            std::thread::spawn(move || {
                // The program ended, or the bed did: either way nobody is left to answer.
                let _ = talk(Client { stream }, &state);
            });
        }
    });
    Ok(())
}

fn talk(mut client: Client, state: &Mutex<Usbfs>) -> io::Result<()> {
    let lock = || {
        state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    };
    let plugs = lock().plugs;
    loop {
        let [command, request, argument] = client.words()?;
        let (result, errno) = if command == IOCTL {
            let request = request as u32;
            let answer = lock().ioctl(&mut client, plugs, request, argument)?;
            if answer == (-1, crate::usbfs::EAGAIN) {
                // A regular file is always ready, so libusb asks again at once: let it breathe.
                std::thread::sleep(std::time::Duration::from_micros(100));
            }
            answer
        } else {
            (UNHANDLED, 0)
        };
        client.send([DONE, result as u64, errno as u64])?;
    }
}
