//! Tests of the server, with a client that behaves like QEMU.

use super::*;

/// A device that takes only 600 bytes of the first long transfer and then pauses. It returns the bytes that it got,
/// stalls on "stall" and disappears on "gone".
#[derive(Default)]
struct Echo {
    heard: Vec<u8>,
    rested: bool,
}

impl Device for Echo {
    fn control(&mut self, setup: Setup, _data: &[u8]) -> Answer {
        match (setup.kind, setup.request) {
            (0xA1, 1) => Answer::Data(vec![0x18]),
            (0x21, 2) => Answer::Taken(0),
            _ => Answer::Stall,
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Answer {
        match bytes {
            b"stall" => return Answer::Stall,
            b"gone" => return Answer::Gone,
            _ => {}
        }
        if bytes.len() > 600 && !std::mem::replace(&mut self.rested, true) {
            self.heard.extend_from_slice(&bytes[..600]);
            return Answer::Taken(600);
        }
        self.heard.extend_from_slice(bytes);
        Answer::Taken(bytes.len())
    }

    fn read(&mut self, room: usize) -> Answer {
        if self.heard.is_empty() {
            return Answer::Nothing;
        }
        let rest = self.heard.split_off(room.min(self.heard.len()));
        Answer::Data(std::mem::replace(&mut self.heard, rest))
    }
}

/// QEMU's end of the connection.
struct Host {
    stream: UnixStream,
    wide: bool,
}

impl Host {
    fn connect(path: &Path) -> Self {
        let stream = UnixStream::connect(path).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        let mut host = Self {
            stream,
            wide: false,
        };
        let (kind, _, hello) = host.receive();
        assert_eq!((kind, hello.len()), (HELLO, 68));
        let mut own = b"qemu".to_vec();
        own.resize(64, 0);
        own.extend(ABILITIES.to_le_bytes());
        host.send(HELLO, 0, &own);
        host.wide = true;
        let kinds = [host.receive().0, host.receive().0];
        assert_eq!(kinds, [INTERFACE_INFO, EP_INFO]);
        let (kind, _, device) = host.receive();
        assert_eq!(
            (kind, &device[..]),
            (DEVICE_CONNECT, &[2, 0, 0, 0, 0x1F, 0x0C, 0, 0x18, 0, 1][..])
        );
        host
    }

    fn send(&mut self, kind: u32, id: u64, body: &[u8]) {
        let mut packet = [kind.to_le_bytes(), (body.len() as u32).to_le_bytes()].concat();
        if self.wide {
            packet.extend(id.to_le_bytes());
        } else {
            packet.extend((id as u32).to_le_bytes());
        }
        packet.extend_from_slice(body);
        self.stream.write_all(&packet).unwrap();
    }

    fn receive(&mut self) -> (u32, u64, Vec<u8>) {
        let mut head = vec![0; if self.wide { 16 } else { 12 }];
        self.stream.read_exact(&mut head).unwrap();
        let word = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().unwrap());
        let mut body = vec![0; word(4) as usize];
        self.stream.read_exact(&mut body).unwrap();
        (word(0), u64::from(word(8)), body)
    }

    /// Makes a control transfer and returns its status and data.
    fn control(&mut self, kind: u8, request: u8, value: u16, length: u16) -> (u8, Vec<u8>) {
        let mut body = vec![kind & 0x80, request, kind, 0];
        for word in [value, 0, length] {
            body.extend(word.to_le_bytes());
        }
        self.send(CONTROL, 7, &body);
        let (kind, id, reply) = self.receive();
        assert_eq!((kind, id), (CONTROL, 7));
        (reply[3], reply[10..].to_vec())
    }

    fn bulk(&mut self, id: u64, endpoint: u8, length: usize, data: &[u8]) {
        let mut body = vec![endpoint, 0];
        body.extend((length as u16).to_le_bytes());
        body.extend([0; 4]);
        body.extend(((length >> 16) as u16).to_le_bytes());
        body.extend_from_slice(data);
        self.send(BULK, id, &body);
    }

    /// Waits for the end of a bulk transfer and returns its id, status, length and data.
    fn ended(&mut self) -> (u64, u8, usize, Vec<u8>) {
        let (kind, id, reply) = self.receive();
        assert_eq!(kind, BULK);
        let half = |at: usize| usize::from(u16::from_le_bytes([reply[at], reply[at + 1]]));
        (id, reply[1], half(8) << 16 | half(2), reply[10..].to_vec())
    }
}

fn served() -> (std::path::PathBuf, Redir) {
    static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("usb-redir.{}.{number}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let descriptors = Descriptors::printer(0x0C1F, 0x1800, "V0001");
    let redir = Redir::listen(&path, descriptors, Echo::default()).unwrap();
    (path, redir)
}

#[test]
fn a_device_is_described_and_answers() {
    let (path, _redir) = served();
    let mut host = Host::connect(&path);
    let (status, device) = host.control(0x80, 6, 0x0100, 64);
    assert_eq!((status, device.len(), device[8]), (DONE, 18, 0x1F));
    assert_eq!(
        host.control(0x80, 6, 0x0200, 9).1.len(),
        9,
        "cut to the length asked for"
    );
    assert_eq!(host.control(0xA1, 1, 0, 1), (DONE, vec![0x18]));
    assert_eq!(host.control(0x21, 2, 0, 0), (DONE, vec![]));
    assert_eq!(host.control(0xC0, 99, 0, 4), (STALLED, vec![]));
    host.send(SET_CONFIGURATION, 3, &[1]);
    let kinds: Vec<u32> = (0..3).map(|_| host.receive().0).collect();
    assert_eq!(kinds, [INTERFACE_INFO, EP_INFO, CONFIGURATION_STATUS]);
    std::fs::remove_file(path).unwrap();
}

#[test]
fn bytes_arrive_in_order_both_ways() {
    let (path, _redir) = served();
    let mut host = Host::connect(&path);
    // The device has no data, so the transfer waits and ends when it is cancelled.
    host.bulk(1, 0x82, 64, &[]);
    host.send(CANCEL, 1, &[]);
    assert_eq!(host.ended(), (1, CANCELLED, 0, vec![]));
    // This is longer than the device takes at once and longer than 16 bits can count.
    let long: Vec<u8> = (0..70_000_u32).map(|byte| byte as u8).collect();
    host.bulk(2, 0x01, long.len(), &long);
    assert_eq!(host.ended(), (2, DONE, 70_000, vec![]));
    host.bulk(3, 0x82, 70_000, &[]);
    assert_eq!(host.ended(), (3, DONE, 70_000, long));
    host.bulk(4, 0x01, 5, b"stall");
    assert_eq!(host.ended(), (4, STALLED, 0, vec![]));
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_device_that_disappears_pulls_the_cable_and_may_return() {
    let (path, redir) = served();
    let mut host = Host::connect(&path);
    host.bulk(1, 0x01, 4, b"gone");
    assert_eq!(
        host.stream.read(&mut [0; 1]).unwrap(),
        0,
        "the cable is out"
    );
    let mut host = Host::connect(&path);
    assert_eq!(host.control(0xA1, 1, 0, 1).0, DONE);
    assert_eq!(redir.connections(), 2);
    // An invalid packet ends the connection but not the server.
    host.send(BULK, 1, &[1]);
    assert_eq!(host.stream.read(&mut [0; 1]).unwrap(), 0);
    Host::connect(&path);
    std::fs::remove_file(path).unwrap();
}
