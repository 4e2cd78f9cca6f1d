use super::*;
use crate::transport::UsbBridge;

#[test]
fn what_is_written_is_what_is_read() {
    let usb = |id, serial: Option<&str>| Selector::Usb {
        id,
        serial: serial.map(str::to_owned),
    };
    let ch340 = Some(UsbId {
        vid: 0x1a86,
        pid: 0x7523,
    });
    let check = |text: &str, expect: Selector| {
        assert_eq!(text.parse(), Ok(expect.clone()), "{text}");
        assert_eq!(expect.to_string(), text);
    };
    check("pn532:any", Selector::Any);
    check(
        "pn532:/dev/ttyUSB0",
        Selector::Serial("/dev/ttyUSB0".to_owned()),
    );
    check(
        "pn532:/dev/serial/by-path/a:b",
        Selector::Serial("/dev/serial/by-path/a:b".to_owned()),
    );
    check("pn532:usb", usb(None, None));
    check("pn532:usb:1a86:7523", usb(ch340, None));
    check("pn532:usb:1a86:7523:A:7", usb(ch340, Some("A:7")));
    assert_eq!("pn532".parse(), Ok(Selector::Any));
    assert_eq!(
        "virtual".parse::<Selector>().unwrap().to_string(),
        "virtual"
    );
}

#[test]
fn what_cannot_be_read_says_what_to_write() {
    let check = |text: &str, why: &str| {
        let error = text.parse::<Selector>().unwrap_err().to_string();
        assert!(error.contains(why), "{text}: {error}");
        assert!(
            error.contains("write pn532:any, pn532:/dev/NAME"),
            "{text}: {error}"
        );
    };
    check("", "does not name a card reader");
    check("ttyUSB0", "does not name a card reader");
    check("virtual:x", "does not name a card reader");
    check("pn532:", "written in full");
    check("pn532:ttyUSB0", "written in full");
    check("pn532:usb:1a86", "two numbers");
    check("pn532:usb:1a86:xyz", "four hexadecimal digits");
    check("pn532:usb:+1a8:7523", "four hexadecimal digits");
    check("pn532:usb:1a86:7523:", "nothing follows");
}

#[test]
fn the_ports_that_fit_are_tried_usb_first() {
    let usb = |path: &str, vid, pid, serial: &str| Port {
        path: path.to_owned(),
        usb: Some(UsbBridge {
            vid,
            pid,
            serial: Some(serial.to_owned()),
            product: None,
        }),
    };
    let ports = [
        Port {
            path: "/dev/ttyS0".to_owned(),
            usb: None,
        },
        usb("/dev/ttyUSB0", 0x0403, 0x6001, "A"),
        usb("/dev/ttyUSB1", 0x1a86, 0x7523, "B"),
        usb("/dev/ttyUSB2", 0x1a86, 0x7523, "C"),
    ];
    let check = |selector: &str, expect: &[&str]| {
        let tried = selector.parse::<Selector>().unwrap().candidates(&ports);
        let paths: Vec<&str> = tried
            .iter()
            .map(|candidate| candidate.path.as_str())
            .collect();
        assert_eq!(paths, expect, "{selector}");
        let guessed = tried.iter().filter(|candidate| !candidate.expected);
        assert!(
            guessed
                .map(|guess| guess.path.as_str())
                .all(|path| path == "/dev/ttyS0")
        );
    };
    check(
        "pn532:any",
        &["/dev/ttyUSB0", "/dev/ttyUSB1", "/dev/ttyUSB2", "/dev/ttyS0"],
    );
    check(
        "pn532:usb",
        &["/dev/ttyUSB0", "/dev/ttyUSB1", "/dev/ttyUSB2"],
    );
    check("pn532:usb:1a86:7523", &["/dev/ttyUSB1", "/dev/ttyUSB2"]);
    check("pn532:usb:1a86:7523:C", &["/dev/ttyUSB2"]);
    check("pn532:usb:1a86:7523:D", &[]);
    check("pn532:/dev/ttyACM7", &["/dev/ttyACM7"]); // whether it exists shows when it is opened
}
