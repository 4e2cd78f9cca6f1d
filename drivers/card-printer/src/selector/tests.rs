use super::*;

#[test]
fn selectors_are_read_and_written() {
    for text in [
        "usb",
        "usb:A1234",
        "usb?model=rio2",
        "usb:A1234?model=primacy",
        "virtual:enduro?speed=0.5",
        "tcp://127.0.0.1:9100?model=primacy",
        "file:/tmp/x?model=rio2",
        "ipp://localhost/printers/card?raster=1016x648",
        "ipp://127.0.0.1:631/printers/card-2?raster=1016x642&media=w155h244&trust=completed",
        "ipp://localhost/printers/card?raster=1000x642&turn=180&socket=/run/cups/cups.sock",
    ] {
        assert_eq!(text.parse::<Selector>().unwrap().to_string(), text);
    }
}

#[test]
fn what_names_no_printer_says_why() {
    let check = |text: &str, words: &str| {
        let error = text.parse::<Selector>().unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    };
    check("lpt1", "begin with usb");
    check("tcp://host?model=rio2", "tcp://HOST:PORT");
    check("tcp://host:9100", "say which model");
    check("file:x", "say which model");
    check("ipp://localhost/card", "ipp://localhost/printers/NAME");
    check(
        "ipp://print.example/printers/card",
        "must be on this machine",
    );
    check("ipp://localhost/printers/a%2fb", "letters, digits");
    check("ipp://localhost:x/printers/card", "x is no port");
    check(
        "ipp://localhost/printers/card?raster=9999x1",
        "is no raster",
    );
    check("ipp://localhost/printers/card?turn=90", "turn=180");
    check("ipp://localhost/printers/card?trust=me", "trust=completed");
    check(
        "ipp://localhost/printers/card?media=a,b",
        "no name of a size",
    );
    check("virtual:rio3", "there is no model \"rio3\"");
    check("usb?colour=red", "there is no option colour");
    check("usb?model", "KEY=VALUE");
    check("virtual:rio2?speed=fast", "speed=fast is no number");
}
